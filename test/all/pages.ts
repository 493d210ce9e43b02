import { importTests } from "../support/import-tests.ts";

await importTests("test/pages/**/*.test.ts");
