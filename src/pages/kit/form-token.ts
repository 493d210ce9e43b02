import { createHmac, timingSafeEqual } from "node:crypto";

/** Half of a SHA-256, which RFC 2104 (section 5) allows: two of them make a token. */
const macLength = 16;

/**
 * The hidden token of a form (OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie"). If the form acts for the
 * logged-in account, the token names that account: submitted after another one has logged in, the form must not act for that
 * one.
 *
 * @param secret the value of this browser's cookie `form`
 * @param userId the account that the form acts for; undefined for a form that needs no session
 */
export function createFormToken(secret: string, userId?: number): string {
  if (userId === undefined) return secret;
  return Buffer.concat([mac(secret, "form"), mac(secret, accountMessage(userId))]).toString("base64url");
}

/**
 * Names an account in a way that only one browser's secret can produce, so that what a page keeps for the next one is not shown
 * to another account.
 *
 * @param secret the value of this browser's cookie `form`
 */
export function createAccountTag(secret: string, userId: number): string {
  return mac(secret, accountMessage(userId)).toString("base64url");
}

/** The account in a token, as `accountTag` names it; undefined if it names none. */
export function readAccountTag(secret: string, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  const isOurs = bytes.length === 2 * macLength && timingSafeEqual(bytes.subarray(0, macLength), mac(secret, "form"));
  return isOurs ? bytes.subarray(macLength).toString("base64url") : undefined;
}

/** Whether a token was made from this secret, with an account or without. */
export function isFormToken(secret: string, token: string): boolean {
  return isSameSecret(token, secret) || readAccountTag(secret, token) !== undefined;
}

/** Compares two secrets in constant time. */
export function isSameSecret(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function accountMessage(userId: number): string {
  return `account ${userId}`;
}

function mac(secret: string, message: string): Buffer {
  return createHmac("sha256", secret).update(message).digest().subarray(0, macLength);
}
