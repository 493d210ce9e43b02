import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createApp } from "../../src/app.ts";
import { Auth } from "../../src/auth/auth.ts";
import { AuthError, DatabaseUnavailable } from "../../src/errors.ts";
import { errorCodes } from "../../src/http/error-codes.ts";
import { RequestError, toRefusal } from "../../src/http/refusals.ts";
import { silent } from "../../src/observe/log.ts";
import { respondWithCounts, startBreachServer } from "../support/breach-server.ts";
import { test } from "../support/engines.ts";
import { createWorldWithFullQueue } from "../support/full-queue.ts";
import { createProductionWorld, owner } from "../support/production.ts";
import {
  assertRejected,
  bob,
  logIn,
  redeemResetToken,
  register,
  requestResetToken,
  withCookie,
  withJson,
} from "../support/steps.ts";
import { createWorld, form, hour, type World } from "../support/world.ts";

type Code = keyof typeof errorCodes;

/** Returns the rows of the table in docs/errors.md, by code. */
async function readRows(): Promise<Map<string, { status: number; message: RegExp; cells: string[] }>> {
  const text = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| `(\w+)` \| (\d+) \| `(.+?)` \| (.+) \| (.+) \| (.+) \|$/gm);
  return new Map(
    [...rows].map(([, code = "", status, message = "", when = "", remedy = "", endpoints = ""]) => {
      const pattern = new RegExp(`^${message.replace(/[.()/]/g, "\\$&").replaceAll("…", ".+")}$`);
      return [code, { status: Number(status), message: pattern, cells: [when, remedy, endpoints] }];
    }),
  );
}

const to = (path: string, init?: RequestInit) => (world: World) => world.request(path, init);

/** Returns the options of a request with a new session. */
const withSession = async (world: World, method: string) => withCookie(`session_id=${await logIn(world)}`, { method });

/** For each code, a request that gets it. */
const requestByCode: Record<Code, (world: World) => Response | Promise<Response>> = {
  body_malformed: to("/users", { ...withJson({}), body: "{" }),
  body_too_large: to("/users", form({ ...bob, more: "x".repeat(20_000) })),
  body_type_unsupported: to("/users", { method: "POST", body: "text" }),
  cross_site: to("/users", form(bob, { headers: { "Sec-Fetch-Site": "cross-site" } })),
  field_missing: to("/users", form({ email: "eve@example.com" })),
  field_repeated: to("/users", withJson({ ...bob, email: [bob.email] })),
  async internal(world) {
    const breaking = () => {
      throw new Error("unforeseen");
    };
    const auth = new Auth(world.db, { settings: world.settings, log: { ...silent, info: breaking } });
    return createApp(auth).fetch(new Request("http://localhost/sessions", form({})));
  },
  method_not_allowed: to("/users"),
  not_found: to("/nope"),
  reset_delivery: (world) => world.request("/reset_password", { ...form(bob), ip: "192.0.2.1" }),
  email_invalid: to("/users", form({ ...bob, email: "bób@example.com" })),
  email_taken: to("/users", form(bob)),
  async email_unchanged(world) {
    const { headers } = await withSession(world, "PUT");
    return world.request("/profile/email", form({ email: bob.email }, { method: "PUT", ...(headers && { headers }) }));
  },
  password_missing: async (world) =>
    redeemResetToken(world, { email: bob.email, reset_token: await requestResetToken(world) }),
  password_too_short: to("/users", form({ email: "eve@example.com", password: "b4l0u" })),
  async password_common() {
    await using world = await createWorld({ PASSWORD_BLOCKLIST: "on" });
    return await world.request("/users", form({ ...bob, password: "Trustno1" }));
  },
  async password_personal() {
    await using world = await createWorld({ PASSWORD_BLOCKLIST: "on" });
    return await world.request("/users", form({ ...bob, password: "example1" }));
  },
  async password_breached() {
    await using server = await startBreachServer(respondWithCounts({ [bob.password]: 1 }));
    await using world = await createWorld({ PASSWORD_BREACH_CHECK: server.url });
    return await world.request("/users", form(bob));
  },
  not_logged_in: to("/profile"),
  wrong_login: to("/sessions", form({ ...bob, password: "wrong" })),
  async email_not_verified() {
    await using world = await createProductionWorld();
    await world.auth.registerUser(owner.email, owner.password);
    return await world.request("/sessions", form(owner));
  },
  wrong_password: async (world) => world.request("/profile", await withSession(world, "DELETE")),
  async password_needed(world) {
    const init = await withSession(world, "GET");
    world.clock.advance(hour);
    return world.request("/profile/export", init);
  },
  unknown_email: to("/reset_password", form({ email: "nobody@example.com" })),
  unknown_session: async (world) => world.request(`/sessions/${"x".repeat(43)}`, await withSession(world, "DELETE")),
  page_invalid: async (world) => world.request("/sessions?limit=0", await withSession(world, "GET")),
  bad_reset_token: (world) =>
    redeemResetToken(world, { email: bob.email, reset_token: "x", new_password: bob.password }),
  bad_undo_token: to("/undo_email_change", form({ token: "x" }, { method: "PUT" })),
  bad_verify_token: to("/email_verification", form({ ...bob, token: "x" }, { method: "PUT" })),
  async too_many_tries() {
    await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_ACCOUNT: "1/15m" });
    const guess = () => world.request("/sessions", form({ ...bob, password: "wrong" }));
    await guess();
    return await guess();
  },
  async busy() {
    await using world = await createWorldWithFullQueue();
    return await world.request("/sessions", form(bob));
  },
  async database_unavailable(world) {
    await world.db.close();
    return world.request("/profile", { headers: { Cookie: "session_id=x" } });
  },
};

test("docs/errors.md has exactly one row for each error code, with its status", async () => {
  const rows = await readRows();
  assert.deepEqual([...rows.keys()], Object.keys(errorCodes));
  for (const [code, { status, cells }] of rows) {
    assert.equal(status, errorCodes[code as Code].status, code);
    for (const cell of cells) assert.match(cell, /\w{3}/, code);
  }
});

test("every error response has the status and message of docs/errors.md", async (t) => {
  const rows = await readRows();
  assert.deepEqual(Object.keys(requestByCode), Object.keys(errorCodes));
  for (const [code, request] of Object.entries(requestByCode)) {
    await t.test(code, async () => {
      await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
      await register(world);
      const response = await request(world);
      assert.equal(response.headers.has("Retry-After"), [429, 503].includes(response.status));
      assert.equal(response.headers.get("Error-Code"), code);
      await assertRejected(response, errorCodes[code as Code].status, rows.get(code)?.message);
    });
  }
});

// id: only-own-words
test("the message of an AuthError is sent, and that of an unknown error is not", () => {
  const secret = "near 'b4l0u': syntax error at /srv/bienvenue.db";
  const cause = new Error(secret);
  for (const error of [cause, secret, null, undefined, 1, new DatabaseUnavailable("locked", cause)]) {
    assert.ok(!JSON.stringify(toRefusal(error)).includes("b4l0u"));
  }
  assert.equal(toRefusal(new RequestError("field_missing", "email is missing")).message, "email is missing");
  assert.deepEqual(toRefusal(new AuthError("busy", "later", { retryAfter: 3 })), {
    code: "busy",
    status: 503,
    message: "later",
    retryAfter: 3,
    isLocked: false,
  });
});
