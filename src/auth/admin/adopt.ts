import type { AdoptedUser, ContractUser } from "../../db/db.ts";
import { emailKey } from "../../values/email.ts";
import { type EmailFormat, parseNewEmail } from "../email.ts";
import { describeInvalidEmail, describeUnreadableHash } from "./import.ts";

/** Matches session ids and tokens that are long enough to be random. Excludes `None`, which some programs store. */
const secretFormat = /^[A-Za-z0-9_-]{32,250}$/;

export interface AdoptOptions {
  /** When the addresses were verified, in milliseconds since the epoch; null if they are not verified. */
  readonly emailVerifiedAt: number | null;
  /** Which addresses are accepted. */
  readonly emailFormat: EmailFormat;
  /**
   * True to adopt reset tokens. False if this service sends them by email: a token of another server does not prove
   * access to the mailbox.
   */
  readonly adoptsResetTokens: boolean;
  /** Called for each row that is left out, or adopted without its session or reset token. */
  readonly onRejected: (id: number, reason: string) => void;
}

/** Yields the rows of the contract's table `users` that `DB.import.adopt` can adopt. */
export function* selectAdoptableUsers(
  rows: Iterable<ContractUser>,
  { emailVerifiedAt, emailFormat, adoptsResetTokens, onRejected }: AdoptOptions,
): Generator<AdoptedUser> {
  const seen = { email: new Set<string>(), session: new Set<string>(), "reset token": new Set<string>() };
  const isFirst = (kind: keyof typeof seen, value: string) => seen[kind].size < seen[kind].add(value).size;
  for (const row of rows) {
    const { id } = row;
    const storedEmail = toText(row.email) ?? "";
    const email = parseNewEmail(storedEmail, emailFormat) ?? "";
    const hashedPassword = toText(row.hashedPassword) ?? "";
    const reason =
      (Number.isInteger(id) && id > 0 && id < 2 ** 31 ? undefined : "its id is not between 1 and 2147483647") ??
      (email === "" ? describeInvalidEmail(storedEmail) : undefined) ??
      describeUnreadableHash(hashedPassword) ??
      (isFirst("email", emailKey(email)) ? undefined : "its email is the same as in an earlier row");
    if (reason !== undefined) {
      onRejected(id, reason);
      continue;
    }
    const credential = (kind: "session" | "reset token", value: unknown) => {
      const secret = toText(value);
      if (secret === "" || value === null) return null;
      if (secret !== null && secretFormat.test(secret) && isFirst(kind, secret)) return secret;
      onRejected(id, `its ${kind} is too easy to guess, or the same as in an earlier row; it is left out`);
      return null;
    };
    const sessionId = credential("session", row.sessionId);
    const resetToken = adoptsResetTokens ? credential("reset token", row.resetToken) : null;
    yield { id, email, hashedPassword, emailVerifiedAt, sessionId, resetToken };
  }
}

/** Returns a string unchanged, bytes decoded as UTF-8, and null for anything else. */
function toText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : null;
}
