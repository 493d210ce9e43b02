import { importTests } from "../support/import-tests.ts";

await importTests("test/auth/outbox/*.test.ts");
