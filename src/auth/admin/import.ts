import { z } from "zod";
import type { AccountRecord } from "../../db/db.ts";
import { hasInvisibleCharacter } from "../../values/email.ts";
import { topLevelKeys } from "../../values/json-keys.ts";
import { type EmailFormat, parseNewEmail } from "../email.ts";
import { readHash, type UnreadableReason, unusableHash } from "../passwords/hashes.ts";

const reasons: Record<UnreadableReason, string> = {
  unknown: "its hash has an unsupported format",
  "out of bounds": "the cost of its hash is out of range",
};

/** The schema of an account in an export: one JSON object on a line. */
const accountLine = (format: EmailFormat) =>
  z.strictObject(
    {
      email: z.string("it has no email").transform((text, context) => {
        const email = parseNewEmail(text, format);
        if (email !== null) return email;
        context.addIssue({ code: "custom", message: describeInvalidEmail(text) });
        return z.NEVER;
      }),
      hashed_password: z.string("it has no hashed_password").superRefine((hash, context) => {
        const reason = hash === unusableHash ? undefined : describeUnreadableHash(hash);
        if (reason) context.addIssue(reason);
      }),
      verified: z.boolean("its verified is not true or false").default(false),
      disabled: z.boolean("its disabled is not true or false").default(false),
      created_at: z.iso
        .datetime({ offset: true, error: "its created_at is not a timestamp such as 2026-11-21T09:30:00Z" })
        .optional(),
    },
    {
      error: ({ code }) =>
        code === "unrecognized_keys"
          ? "it has a field other than email, hashed_password, verified, disabled and created_at"
          : "it is not a JSON object",
    },
  );

const accountLines = { any: accountLine("any"), address: accountLine("address") };

/**
 * Parses an account from a line of JSON with the fields `email`, `hashed_password`, and optionally `verified`, `disabled`
 * (both false by default) and `created_at` (ISO 8601).
 *
 * @param now milliseconds since the epoch, for times that are not in the line
 * @param format `EMAIL_FORMAT`: which addresses are accepted
 * @returns the account, or why it is rejected: a text without any part of the line, so that it can be logged
 */
export function parseAccount(line: string, now: number, format: EmailFormat = "address"): AccountRecord | string {
  const { success, data, error } = accountLines[format].safeParse(parseJson(line));
  if (!success) return error.issues[0]?.message ?? "it is not an account";
  const keys = topLevelKeys(line);
  if (new Set(keys).size < keys.length) return "it has a duplicate field";
  return {
    email: data.email,
    hashedPassword: data.hashed_password,
    emailVerifiedAt: data.verified ? now : null,
    disabledAt: data.disabled ? now : null,
    createdAt: data.created_at === undefined ? now : Date.parse(data.created_at),
  };
}

/** Formats an account as a line that `parseAccount` accepts. */
export function formatAccount(account: AccountRecord): string {
  return JSON.stringify({
    email: account.email,
    hashed_password: account.hashedPassword,
    verified: account.emailVerifiedAt !== null,
    ...(account.disabledAt !== null && { disabled: true }),
    created_at: new Date(account.createdAt).toISOString(),
  });
}

/** Returns why an address is rejected. */
export function describeInvalidEmail(text: string): string {
  return hasInvisibleCharacter(text) ? "its email contains an invisible character" : "its email is not a valid address";
}

/** Returns why a hash is rejected, or undefined if it is accepted. */
export function describeUnreadableHash(text: string): string | undefined {
  const hash = readHash(text);
  return typeof hash === "string" ? reasons[hash] : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
