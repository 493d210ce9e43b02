import assert from "node:assert/strict";
import type { Mail } from "../../src/mail/mailer.ts";
import type { Environment } from "../../src/settings/settings.ts";
import { bob } from "./steps.ts";
import { createWorld, form, productionEnvironment, type World } from "./world.ts";

// Requests to the API of a world with production settings.

/** A password that every policy accepts. */
export const strongPassword = "plough-Violet-9-harbour";
export const owner = { email: bob.email, password: strongPassword };

/** Creates a world with production settings. */
export function createProductionWorld(environment: Environment = {}): Promise<World> {
  return createWorld({ ...productionEnvironment, ...environment });
}

/** Sends the pending emails, and returns them. */
export async function deliverMails(world: World): Promise<Mail[]> {
  const { length } = world.mails;
  await world.auth.outbox.deliver();
  return world.mails.slice(length);
}

/** Sends the only pending email, and returns its token. */
export async function deliverToken(world: World): Promise<string> {
  const mails = await deliverMails(world);
  assert.equal(mails.length, 1);
  assert.ok(mails[0]?.token);
  return mails[0].token;
}

export function verifyEmail(world: World, fields: Record<string, string>): Promise<Response> {
  return world.request("/email_verification", form(fields, { method: "PUT" }));
}

/** Registers a user and verifies the address. */
export async function registerAndVerify(world: World, user = owner): Promise<void> {
  assert.equal((await world.request("/users", form(user))).status, 200);
  assert.equal((await verifyEmail(world, { ...user, token: await deliverToken(world) })).status, 200);
}

/** Returns the values of the cookies that a response sets, by name. */
export function readCookies(response: Response): Record<string, string> {
  return Object.fromEntries(
    response.headers.getSetCookie().map((header) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      return [name, value];
    }),
  );
}

/** Logs in, and returns the Cookie header for later requests. */
export async function logInForCookies(world: World, user = owner, cookies = "", ip = "127.0.0.1"): Promise<string> {
  const response = await world.request("/sessions", form(user, { headers: { Cookie: cookies }, ip } as RequestInit));
  assert.equal(response.status, 200, await response.clone().text());
  return formatCookieHeader(readCookies(response));
}

export function formatCookieHeader(cookies: Record<string, string>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
}
