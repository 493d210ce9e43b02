import { importTests } from "../support/import-tests.ts";

await importTests(
  "test/{app,user}.test.ts",
  "test/docs/{architecture,generated,library,observability,security}.test.ts",
  "test/{languages,mail,observe,settings,values}/*.test.ts",
);
