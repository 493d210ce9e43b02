import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { form, type World } from "../support/world.ts";

const registeredPassword = "a-Registered-password-8";
const wrongLogin = '{"message":"wrong email or password"}\n';
const otherUser = { email: "someone@example.com", password: strongPassword };

/** States of the owner's address, with the steps that lead to them. */
const states: Record<string, (world: World) => Promise<unknown>> = {
  unknown: async () => {},
  known: (world) => registerAndVerify(world),
  registered: (world) => world.request("/users", form({ ...owner, password: registeredPassword })),
  unconfirmed: (world) => world.auth.registerUser(owner.email, strongPassword),
  async disabled(world) {
    await registerAndVerify(world);
    await world.auth.admin.disableAccount((await world.auth.admin.findAccount(owner.email))?.id ?? 0);
  },
};

/** Requests that anyone can send about the address. */
const requests: Record<string, (world: World, cookies: string) => Promise<Response>> = {
  "a registration": (world) => world.request("/users", form({ ...owner, password: "another-Good-password-7" })),
  "a password reset": (world) => world.request("/reset_password", form({ email: owner.email })),
  "an email verification": (world) => world.request("/email_verification", form({ email: owner.email })),
  "a login with the password of a registration": (world) =>
    world.request("/sessions", form({ ...owner, password: registeredPassword })),
  "a login with a wrong password": (world) => world.request("/sessions", form({ ...owner, password: "wrong" })),
  "a confirmation with an invalid token": (world) =>
    world.request("/email_verification", form({ ...owner, token: "x".repeat(43) }, { method: "PUT" })),
  "a reset with an invalid token": (world) =>
    world.request(
      "/reset_password",
      form({ email: owner.email, reset_token: "x".repeat(43), new_password: strongPassword }, { method: "PUT" }),
    ),
  "an email change": (world, cookies) =>
    world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie: cookies } })),
};

/** Logs another user in, prepares the owner's address, and delivers all emails. Returns the cookies of the other user. */
async function logInAndPrepare(world: World, prepare: (world: World) => Promise<unknown>): Promise<string> {
  await registerAndVerify(world, otherUser);
  const cookies = await logInForCookies(world, otherUser);
  await prepare(world);
  await deliverMails(world);
  return cookies;
}

/** Returns a response and the number of passwords hashed for it, which take nearly all of its time. */
async function requestAndCountHashes(world: World, send: () => Promise<Response>): Promise<object> {
  const countHashes = () => world.metrics.hashWaits.counts.reduce((sum, count) => sum + count);
  const before = countHashes();
  const response = await send();
  const hashes = countHashes() - before;
  return { status: response.status, headers: [...response.headers], body: await response.text(), hashes };
}

for (const [name, send] of Object.entries(requests)) {
  // id: answered-alike
  test(`the response to ${name} has the same bytes and costs the same number of hashes in every state of the address`, async () => {
    const responses: Record<string, object> = {};
    for (const [state, prepare] of Object.entries(states)) {
      await using world = await createProductionWorld();
      const cookies = await logInAndPrepare(world, prepare);
      responses[state] = await requestAndCountHashes(world, () => send(world, cookies));
    }
    for (const [state, response] of Object.entries(responses)) assert.deepEqual(response, responses.unknown, state);
  });
}

// id: one-hash-a-login
test("a wrong login costs one hash, in every state of the address", async () => {
  for (const [state, prepare] of Object.entries(states)) {
    await using world = await createProductionWorld();
    await logInAndPrepare(world, prepare);
    for (const password of [registeredPassword, "wrong"]) {
      const response = await requestAndCountHashes(world, () =>
        world.request("/sessions", form({ ...owner, password })),
      );
      assert.deepEqual({ ...response, headers: [] }, { status: 401, headers: [], body: wrongLogin, hashes: 1 }, state);
    }
  }
});

test("the owner of the address gets an email about each request instead", async () => {
  const sentKinds: Record<string, (string | undefined)[]> = {};
  for (const [state, prepare] of Object.entries(states)) {
    await using world = await createProductionWorld();
    const cookies = await logInAndPrepare(world, prepare);
    const kinds: (string | undefined)[] = [];
    for (const name of ["a registration", "a password reset", "an email change"]) {
      await requests[name]?.(world, cookies);
      const mails = (await deliverMails(world)).filter(({ to }) => to === owner.email);
      assert.ok(mails.length <= 1);
      kinds.push(mails[0]?.kind);
    }
    sentKinds[state] = kinds;
  }
  const unconfirmedKinds = ["confirm_email", "reset_password"];
  assert.deepEqual(sentKinds, {
    unknown: [...unconfirmedKinds, "confirm_new_email"],
    known: ["already_registered", "reset_password", "already_registered"],
    registered: [...unconfirmedKinds, "confirm_new_email"],
    unconfirmed: [...unconfirmedKinds, "already_registered"],
    disabled: [undefined, undefined, undefined],
  });
});
