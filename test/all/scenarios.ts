import { importTests } from "../support/import-tests.ts";

await importTests(
  "test/scenarios/{account,conceal,deletion-notices,email-format,email-spelling,invisible-characters,known-failures,limits,password-policy,strangers,unexpected-logins,wrong-clock}.test.ts",
);
