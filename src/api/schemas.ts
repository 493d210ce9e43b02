import { z } from "zod";

export const email = z.string().min(1).describe("The email address of the account.");
export const password = z.string().min(1).describe("The password of the account.");
export const newPassword = z.string().min(1).describe("The new password.");

/** The address in a JSON body. */
export const emailAnswer = z.string().describe("The email address as registered.");

/** A time in a JSON body (ISO 8601, UTC), or null if there is none. */
export const time = z.iso.datetime().nullable();

export const policyRefusals = [
  "password_too_short",
  "password_common",
  "password_personal",
  "password_breached",
] as const;

export const sessionCookie = {
  "Set-Cookie": "Sets the session cookie, and clears other session cookies that the browser sent.",
} as const;
export const deviceCookie = { "Set-Cookie": "Sets the device cookie, unless RATE_LIMIT is off." } as const;

export const session = z.object({
  id: z.string().describe("Identifies the session in `DELETE /sessions/{id}`; not the value of the session cookie."),
  current: z.boolean().describe("True for the session of this request."),
  device: z.string().nullable().describe("Browser and system, such as `Firefox/Windows`; null if unknown."),
  user_agent: z.string().nullable().describe("The `User-Agent` of the login; null if unknown."),
  ip: z.string().nullable().describe("The IP address of the login; null if unknown."),
  created_at: time.describe("When the session began."),
  last_seen_at: time.describe("When the session was last used, to the minute."),
  expires_at: time.describe("When the session expires; inactivity or a logout can end it earlier."),
});
