import type { AdoptedUser, ContractUser } from "../../db/db.ts";
import { emailKey } from "../../values/email.ts";
import { type EmailFormat, parseNewEmail } from "../email.ts";
import { describeInvalidEmail, describeUnreadableHash } from "./import.ts";

/** A session or token is let in that could be random enough; not the `None` that some programs store for nothing. */
const token = /^[A-Za-z0-9_-]{32,250}$/;

export interface AdoptOptions {
  /** When their addresses were confirmed, in milliseconds since 1970; null for not yet. */
  readonly emailVerifiedAt: number | null;
  /** Which addresses are accepted. */
  readonly emailFormat: EmailFormat;
  /** Whether reset tokens go on: where they are mailed, one that was not proves nothing. */
  readonly resetTokens: boolean;
  /** Is told of each row that is left out, or comes without its session or reset token, and why. */
  readonly onRejected: (id: number, reason: string) => void;
}

/** Chooses what `DB.import.adopt` can take over of the contract's table `users`. */
export function* selectAdoptable(
  rows: Iterable<ContractUser>,
  { emailVerifiedAt, emailFormat, resetTokens, onRejected: refuse }: AdoptOptions,
): Generator<AdoptedUser> {
  const seen = { email: new Set<string>(), session: new Set<string>(), "reset token": new Set<string>() };
  const isFirst = (kind: keyof typeof seen, value: string) => seen[kind].size < seen[kind].add(value).size;
  for (const row of rows) {
    const { id } = row;
    const given = text(row.email) ?? "";
    const email = parseNewEmail(given, emailFormat) ?? "";
    const hashedPassword = text(row.hashedPassword) ?? "";
    const refused =
      (Number.isInteger(id) && id > 0 && id < 2 ** 31 ? undefined : "its id is not between 1 and 2147483647") ??
      (email === "" ? describeInvalidEmail(given) : undefined) ??
      describeUnreadableHash(hashedPassword) ??
      (isFirst("email", emailKey(email)) ? undefined : "its email is the same as in an earlier row");
    if (refused !== undefined) {
      refuse(id, refused);
      continue;
    }
    const credential = (kind: "session" | "reset token", value: unknown) => {
      const found = text(value);
      if (found === "" || value === null) return null;
      if (found !== null && token.test(found) && isFirst(kind, found)) return found;
      refuse(id, `its ${kind} is too easy to guess, or the same as in an earlier row; it is left out`);
      return null;
    };
    const sessionId = credential("session", row.sessionId);
    const resetToken = resetTokens ? credential("reset token", row.resetToken) : null;
    yield { id, email, hashedPassword, emailVerifiedAt, sessionId, resetToken };
  }
}

/** Text as it is, or the text that bytes are; null for anything else. */
function text(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : null;
}
