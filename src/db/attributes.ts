import { InvalidRequestError } from "../errors.ts";
import type { User } from "../user.ts";
import type { UsersTable } from "./schema.ts";
import { selectEmail } from "./spellings.ts";

/** A value of an attribute, as `users` holds it. */
type AttributeValue = string | number | null;

interface Attribute {
  readonly column: keyof UsersTable | undefined;
  readonly type: "string" | "number";
  readonly nullable: boolean;
}

const text = { type: "string", nullable: false } as const;
const time = { type: "number", nullable: false } as const;

/** Every attribute of User: its column, and what it may hold. A session id is found in `sessions`. */
const attributes = {
  id: { column: "id", type: "number", nullable: false },
  email: { column: "email", ...text },
  hashedPassword: { column: "hashed_password", ...text },
  sessionId: { column: undefined, ...text, nullable: true },
  resetToken: { column: "reset_token", ...text, nullable: true },
  resetTokenExpiresAt: { column: "reset_token_expires_at", ...time, nullable: true },
  emailVerifiedAt: { column: "email_verified_at", ...time, nullable: true },
  disabledAt: { column: "disabled_at", ...time, nullable: true },
  createdAt: { column: "created_at", ...time },
  updatedAt: { column: "updated_at", ...time },
} as const satisfies Record<keyof User, Attribute>;

/** What selects a user, column by column under the names of User's attributes. */
export const userColumns = [
  "users.id",
  selectEmail("users"),
  "users.hashed_password as hashedPassword",
  "users.reset_token_expires_at as resetTokenExpiresAt",
  "users.email_verified_at as emailVerifiedAt",
  "users.disabled_at as disabledAt",
  "users.created_at as createdAt",
  "users.updated_at as updatedAt",
] as const;

/** The columns of the public attributes of a user who is not disabled. */
export const publicColumns = [
  "users.id",
  selectEmail("users"),
  "users.email_verified_at as emailVerifiedAt",
  "users.created_at as createdAt",
  "users.updated_at as updatedAt",
] as const;

/**
 * Checks attributes that came as an object: the types hold at compile time, and this when they were cast away.
 *
 * @throws {InvalidRequestError} for none at all, an unknown name, or a value of another type
 */
export function checkAttributes(
  given: Partial<User>,
): [name: keyof User, value: AttributeValue, column: keyof UsersTable | undefined][] {
  const entries = Object.entries(given);
  if (entries.length === 0) throw new InvalidRequestError("no attribute of User is named");
  return entries.map(([name, value]) => {
    if (!Object.hasOwn(attributes, name))
      throw new InvalidRequestError(`User has no attribute ${JSON.stringify(name)}`);
    const attribute: Attribute = attributes[name as keyof User];
    const fits = value === null ? attribute.nullable : typeof value === attribute.type && !Number.isNaN(value);
    if (!fits)
      throw new InvalidRequestError(`User.${name} must be a ${attribute.type}${attribute.nullable ? " or null" : ""}`);
    return [name as keyof User, value, attribute.column];
  });
}

/** Whether a column can hold it on every engine: PostgreSQL knows no NUL and no lone surrogate, and counts to 2³¹. */
export function isStorable(name: keyof User, value: AttributeValue): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) && (name !== "id" || Math.abs(value) < 2 ** 31);
  return value === null || ([...value].length <= 250 && !value.includes("\0") && value.isWellFormed());
}
