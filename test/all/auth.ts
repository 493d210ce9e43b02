import { importTests } from "../support/import-tests.ts";

await importTests("test/auth/*.test.ts", "test/auth/{accounts,admin,audit,limits,sessions}/*.test.ts");
