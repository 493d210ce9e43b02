import { importTests } from "../support/import-tests.ts";

await importTests("test/auth/passwords/*.test.ts");
