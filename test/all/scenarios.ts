import { importTests } from "../support/import-tests.ts";

await importTests(
  "test/scenarios/{account,attackers,conceal,deletion-notices,email-format,email-spelling,invisible-characters,known-failures,limits,password-policy,unexpected-logins,wrong-clock}.test.ts",
);
