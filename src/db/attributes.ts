import { InvalidRequestError } from "../errors.ts";
import type { User } from "../user.ts";
import { selectEmail } from "./email-columns.ts";
import type { UsersTable } from "./schema.ts";

/** The value of an attribute in a row of `users`. */
type AttributeValue = string | number | null;

interface Attribute {
  readonly column: keyof UsersTable | undefined;
  readonly type: "string" | "number";
  readonly nullable: boolean;
}

const text = { type: "string", nullable: false } as const;
const time = { type: "number", nullable: false } as const;

/** The column and type of every attribute of `User`. A session id has no column here, because it is stored in `sessions`. */
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

/** The columns of `users`, renamed to the attributes of `User`. */
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

/** The columns of a user's public attributes except `disabledAt`, for queries that exclude disabled accounts. */
export const publicColumns = [
  "users.id",
  selectEmail("users"),
  "users.email_verified_at as emailVerifiedAt",
  "users.created_at as createdAt",
  "users.updated_at as updatedAt",
] as const;

/**
 * Checks attributes at run time, because callers can bypass the types. Returns the name, value and column of each.
 *
 * @throws {InvalidRequestError} if no attribute is given, or if one has an unknown name or a value of the wrong type
 */
export function checkAttributes(
  values: Partial<User>,
): [name: keyof User, value: AttributeValue, column: keyof UsersTable | undefined][] {
  const entries = Object.entries(values);
  if (entries.length === 0) throw new InvalidRequestError("at least one attribute of User is required");
  return entries.map(([name, value]) => {
    if (!Object.hasOwn(attributes, name))
      throw new InvalidRequestError(`User has no attribute ${JSON.stringify(name)}`);
    const attribute: Attribute = attributes[name as keyof User];
    const isValid = value === null ? attribute.nullable : typeof value === attribute.type && !Number.isNaN(value);
    if (!isValid)
      throw new InvalidRequestError(`User.${name} must be a ${attribute.type}${attribute.nullable ? " or null" : ""}`);
    return [name as keyof User, value, attribute.column];
  });
}

/** Returns true if both engines can store the value. PostgreSQL allows no NUL, no lone surrogate and no id above 2³¹ − 1. */
export function isStorable(name: keyof User, value: AttributeValue): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) && (name !== "id" || Math.abs(value) < 2 ** 31);
  return value === null || ([...value].length <= 250 && !value.includes("\0") && value.isWellFormed());
}
