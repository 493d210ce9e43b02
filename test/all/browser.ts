import { importTests } from "../support/import-tests.ts";

await importTests("test/browser/*.test.ts");
