import assert from "node:assert/strict";
import { form, type World } from "./world.ts";

// Requests to the API of a world with development settings. `production.ts` has those for production settings.

export const bob = { email: "bob@example.com", password: "mySuperPwd" };

/** Returns the status and the body of a response as one string, to compare them byte for byte. */
export async function readStatusAndBody(pending: Response | Promise<Response>): Promise<string> {
  const response = await pending;
  return `${response.status} ${await response.text()}`;
}

/** Asserts the status of an error response, and that its body contains only a message. */
export async function assertRejected(
  pending: Response | Promise<Response>,
  status: number,
  message?: RegExp,
): Promise<void> {
  const response = await pending;
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  const parsed = JSON.parse(text);
  assert.deepEqual(Object.keys(parsed), ["message"]);
  assert.equal(text, `${JSON.stringify(parsed)}\n`);
  assert.match(parsed.message, message ?? /\S/);
}

export async function register(world: World, user = bob): Promise<void> {
  assert.equal((await world.request("/users", form(user))).status, 200);
}

/** Logs in, and returns the session id. */
export async function logIn(world: World, user = bob, headers: Record<string, string> = {}): Promise<string> {
  const response = await world.request("/sessions", form(user, { headers }));
  assert.equal(response.status, 200);
  const [, sessionId] = /^[^=]+=([^;]+);/.exec(response.headers.get("Set-Cookie") ?? "") ?? [];
  assert.ok(sessionId);
  return sessionId;
}

export async function isSessionOpen(world: World, sessionId: string): Promise<boolean> {
  const { status } = await world.request("/profile", withCookie(`session_id=${sessionId}`));
  assert.ok(status === 200 || status === 403);
  return status === 200;
}

export async function canLogIn(world: World, user: typeof bob): Promise<boolean> {
  const { status } = await world.request("/sessions", form(user));
  assert.ok(status === 200 || status === 401);
  return status === 200;
}

export async function requestResetToken(world: World, email = bob.email): Promise<string> {
  const response = await world.request("/reset_password", form({ email }));
  assert.equal(response.status, 200);
  const { reset_token } = (await response.json()) as { reset_token: string };
  return reset_token;
}

export function redeemResetToken(world: World, fields: Record<string, string>): Promise<Response> {
  return world.request("/reset_password", form(fields, { method: "PUT" }));
}

export function withCookie(header: string, init: RequestInit = {}): RequestInit {
  return { ...init, headers: { Cookie: header } };
}

/** Returns a request with this body as it is. */
export function withBody(contentType: string, content: string | Uint8Array<ArrayBuffer>, method = "POST"): RequestInit {
  return { method, headers: { "Content-Type": contentType }, body: content };
}

export function withJson(value: unknown, method = "POST"): RequestInit {
  return withBody("application/json", JSON.stringify(value), method);
}

export function urlencoded(text: string, method = "POST"): RequestInit {
  return withBody("application/x-www-form-urlencoded", text, method);
}

export function multipart(fields: readonly (readonly [name: string, value: string])[], method = "POST"): RequestInit {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return { method, body: data };
}
