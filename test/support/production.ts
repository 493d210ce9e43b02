import assert from "node:assert/strict";
import type { Mail } from "../../src/mail/mailer.ts";
import type { Environment } from "../../src/settings/settings.ts";
import { bob } from "./steps.ts";
import { createWorld, form, production, type World } from "./world.ts";

/** A password that every policy takes. */
export const strong = "plough-Violet-9-harbour";
export const owner = { email: bob.email, password: strong };

/** A service for real people. */
export function createProduction(environment: Environment = {}): Promise<World> {
  return createWorld({ ...production, ...environment });
}

/** Sends what waits; the mails that this brought. */
export async function mailed(world: World): Promise<Mail[]> {
  const { length } = world.mails;
  await world.auth.outbox.deliver();
  return world.mails.slice(length);
}

/** The token of the only mail that waits. */
export async function mailedToken(world: World): Promise<string> {
  const mails = await mailed(world);
  assert.equal(mails.length, 1);
  assert.ok(mails[0]?.token);
  return mails[0].token;
}

export function confirm(world: World, fields: Record<string, string>): Promise<Response> {
  return world.request("/email_verification", form(fields, { method: "PUT" }));
}

/** Registers and confirms. */
export async function join(world: World, user = owner): Promise<void> {
  assert.equal((await world.request("/users", form(user))).status, 200);
  assert.equal((await confirm(world, { ...user, token: await mailedToken(world) })).status, 200);
}

/** The cookies that an answer sets, by their names. */
export function cookiesOf(response: Response): Record<string, string> {
  return Object.fromEntries(
    response.headers.getSetCookie().map((header) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      return [name, value];
    }),
  );
}

/** Logs in; what a browser sends from then on. */
export async function enter(world: World, user = owner, cookies = "", ip = "127.0.0.1"): Promise<string> {
  const response = await world.request("/sessions", form(user, { headers: { Cookie: cookies }, ip } as RequestInit));
  assert.equal(response.status, 200, await response.clone().text());
  return header(cookiesOf(response));
}

export function header(cookies: Record<string, string>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
}
