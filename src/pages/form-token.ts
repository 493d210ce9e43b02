import { createHmac, timingSafeEqual } from "node:crypto";

/** Half of a SHA-256, which RFC 2104 (section 5) allows: two of them fill a token. */
const length = 16;

/**
 * The hidden token of a form (OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie"). One that acts for the
 * account that is logged in names that account: submitted after another one has logged in, it must not act for that one.
 *
 * @param secret what this browser has in its cookie `form`
 * @param userId the account that the form acts for; undefined for a form that asks for nothing but what it holds
 */
export function formToken(secret: string, userId?: number): string {
  if (userId === undefined) return secret;
  return Buffer.concat([mac(secret, "form"), mac(secret, accountName(userId))]).toString("base64url");
}

/**
 * Names an account to one browser alone: what a page keeps for the next one is not shown to another account.
 *
 * @param secret what this browser has in its cookie `form`
 */
export function accountTag(secret: string, userId: number): string {
  return mac(secret, accountName(userId)).toString("base64url");
}

/** The account that a token names, as `accountTag` does; undefined for one that names none. */
export function tagIn(secret: string, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  const isOurs = bytes.length === 2 * length && timingSafeEqual(bytes.subarray(0, length), mac(secret, "form"));
  return isOurs ? bytes.subarray(length).toString("base64url") : undefined;
}

/** Whether a token was made from this secret, for an account or for none. */
export function isMadeFrom(secret: string, token: string): boolean {
  return isSame(token, secret) || tagIn(secret, token) !== undefined;
}

/** Compares two secrets in a time that tells nothing of them. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function accountName(userId: number): string {
  return `account ${userId}`;
}

function mac(secret: string, message: string): Buffer {
  return createHmac("sha256", secret).update(message).digest().subarray(0, length);
}
