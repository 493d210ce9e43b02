import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** 49,233 passwords in lower case as a JSON array, which stays the text that it is: 0.5 MB, where a Set takes 3. */
const passwords = readFileSync(
  fileURLToPath(import.meta.resolve("@zxcvbn-ts/language-common/src/passwords.json")),
  "latin1",
);

/** Whether a password is, in whatever letter case, one of those that are tried first. */
export function isCommon(password: string): boolean {
  return passwords.includes(JSON.stringify(password.toLowerCase()));
}
