import { createHmac, timingSafeEqual } from "node:crypto";

/** In bytes. RFC 2104 (section 5) allows truncating an HMAC to half of its length. */
const macLength = 16;

/**
 * Returns the CSRF token of a form (OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie"). If the form acts for an
 * account, the token names the account: once another account has logged in, the form has no effect.
 *
 * @param secret the value of this browser's cookie `form`
 * @param userId undefined for a form that needs no session
 */
export function createFormToken(secret: string, userId?: number): string {
  if (userId === undefined) return secret;
  return Buffer.concat([mac(secret, "form"), mac(secret, accountMessage(userId))]).toString("base64url");
}

/**
 * Returns a MAC of the user id, by which a form or a notice names its account. It does not reveal the id, and only this browser's
 * secret can make it.
 *
 * @param secret the value of this browser's cookie `form`
 */
export function createAccountTag(secret: string, userId: number): string {
  return mac(secret, accountMessage(userId)).toString("base64url");
}

/** Returns the account tag of a form token, or undefined if the token names no account. */
export function readAccountTag(secret: string, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  const isOurs = bytes.length === 2 * macLength && timingSafeEqual(bytes.subarray(0, macLength), mac(secret, "form"));
  return isOurs ? bytes.subarray(macLength).toString("base64url") : undefined;
}

/** True if the token was made from this secret. */
export function isFormToken(secret: string, token: string): boolean {
  return isSameSecret(token, secret) || readAccountTag(secret, token) !== undefined;
}

/** Compares in constant time. */
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
