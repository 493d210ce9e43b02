import { importTests } from "../support/import-tests.ts";

await importTests("test/db/*.test.ts", "test/db/{sqlite,tables}/*.test.ts");
