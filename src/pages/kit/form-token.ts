import { createHmac, timingSafeEqual } from "node:crypto";

/** In bytes. RFC 2104 (section 5) allows truncating an HMAC to half its length. */
const macLength = 16;

/**
 * Returns the CSRF token of a form (OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie"). If the form acts for an
 * account, the token contains the account's tag, so that the form has no effect after another account has logged in.
 *
 * @param secret the value of this browser's cookie `form`
 * @param userId undefined for a form that does not act for an account
 */
export function createFormToken(secret: string, userId?: number): string {
  if (userId === undefined) return secret;
  return Buffer.concat([mac(secret, "form"), mac(secret, accountMessage(userId))]).toString("base64url");
}

/**
 * Returns a MAC of a user id, which identifies the account of a form or a notice. The tag does not reveal the id, and cannot be
 * created without this browser's secret.
 *
 * @param secret the value of this browser's cookie `form`
 */
export function createAccountTag(secret: string, userId: number): string {
  return mac(secret, accountMessage(userId)).toString("base64url");
}

/** Returns the account tag of a form token, or undefined if the token is invalid or contains no tag. */
export function readAccountTag(secret: string, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  const isOurs = bytes.length === 2 * macLength && timingSafeEqual(bytes.subarray(0, macLength), mac(secret, "form"));
  return isOurs ? bytes.subarray(macLength).toString("base64url") : undefined;
}

/** Returns true if the token was created from this secret. */
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
