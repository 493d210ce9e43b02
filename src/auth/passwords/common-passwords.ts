import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** 49,233 passwords in lower case. The JSON array is kept as text: 0.5 MB instead of 3 MB for a Set. */
const passwords = readFileSync(
  fileURLToPath(import.meta.resolve("@zxcvbn-ts/language-common/src/passwords.json")),
  "latin1",
);

/** Returns true if a password is a common one, in any letter case. */
export function isCommon(password: string): boolean {
  return passwords.includes(JSON.stringify(password.toLowerCase()));
}
