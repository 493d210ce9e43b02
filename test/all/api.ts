import { importTests } from "../support/import-tests.ts";

await importTests("test/api/*.test.ts", "test/{languages,settings,values}/*.test.ts");
