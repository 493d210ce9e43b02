import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  logInForCookies,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import { form, type World } from "../support/world.ts";

const registered = "a-Registered-password-8";
const wrongLogin = '{"message":"wrong email or password"}\n';
const other = { email: "someone@example.com", password: strongPassword };

/** The possible states of bob's address. */
const states: Record<string, (world: World) => Promise<unknown>> = {
  unknown: async () => {},
  known: (world) => registerAndConfirm(world),
  registered: (world) => world.request("/users", form({ ...owner, password: registered })),
  unconfirmed: (world) => world.auth.registerUser(owner.email, strongPassword),
  async disabled(world) {
    await registerAndConfirm(world);
    await world.auth.admin.disable((await world.auth.admin.find(owner.email))?.id ?? 0);
  },
};

/** Requests that anyone can send about the address. */
const requests: Record<string, (world: World, cookies: string) => Promise<Response>> = {
  register: (world) => world.request("/users", form({ ...owner, password: "another-Good-password-7" })),
  reset: (world) => world.request("/reset_password", form({ email: owner.email })),
  verify: (world) => world.request("/email_verification", form({ email: owner.email })),
  "log in with the password of a registration": (world) =>
    world.request("/sessions", form({ ...owner, password: registered })),
  "log in with a wrong password": (world) => world.request("/sessions", form({ ...owner, password: "wrong" })),
  "confirm with a made-up token": (world) =>
    world.request("/email_verification", form({ ...owner, token: "x".repeat(43) }, { method: "PUT" })),
  "reset with a made-up token": (world) =>
    world.request(
      "/reset_password",
      form({ email: owner.email, reset_token: "x".repeat(43), new_password: strongPassword }, { method: "PUT" }),
    ),
  "move there": (world, cookies) =>
    world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie: cookies } })),
};

/** Logs another user in, and brings the address into its state. No email is pending afterwards. */
async function logInAndPrepare(world: World, prepare: (world: World) => Promise<unknown>): Promise<string> {
  await registerAndConfirm(world, other);
  const cookies = await logInForCookies(world, other);
  await prepare(world);
  await deliverMails(world);
  return cookies;
}

/** Returns a response byte for byte, and the number of hashes computed for it, which take nearly all of its time. */
async function describeResponse(world: World, asking: () => Promise<Response>): Promise<object> {
  const hashed = () => world.metrics.hashWaits.counts.reduce((sum, count) => sum + count);
  const before = hashed();
  const response = await asking();
  const hashes = hashed() - before;
  return { status: response.status, headers: [...response.headers], body: await response.text(), hashes };
}

for (const [what, ask] of Object.entries(requests)) {
  // id: answered-alike
  test(`the response to ${what} has the same bytes and costs the same number of hashes in every state of the address`, async () => {
    const answers: Record<string, object> = {};
    for (const [state, prepare] of Object.entries(states)) {
      await using world = await createProductionWorld();
      const cookies = await logInAndPrepare(world, prepare);
      answers[state] = await describeResponse(world, () => ask(world, cookies));
    }
    for (const [state, answer] of Object.entries(answers)) assert.deepEqual(answer, answers.unknown, state);
  });
}

// id: one-hash-a-login
test("a wrong login costs one hash, whatever is pending for the address", async () => {
  for (const [state, prepare] of Object.entries(states)) {
    await using world = await createProductionWorld();
    await logInAndPrepare(world, prepare);
    for (const password of [registered, "wrong"]) {
      const answer = await describeResponse(world, () => world.request("/sessions", form({ ...owner, password })));
      assert.deepEqual({ ...answer, headers: [] }, { status: 401, headers: [], body: wrongLogin, hashes: 1 }, state);
    }
  }
});

test("the owner of the address gets an email instead", async () => {
  const told: Record<string, (string | undefined)[]> = {};
  for (const [state, prepare] of Object.entries(states)) {
    await using world = await createProductionWorld();
    const cookies = await logInAndPrepare(world, prepare);
    const kinds: (string | undefined)[] = [];
    for (const what of ["register", "reset", "move there"]) {
      await requests[what]?.(world, cookies);
      const mails = (await deliverMails(world)).filter(({ to }) => to === owner.email);
      assert.ok(mails.length <= 1);
      kinds.push(mails[0]?.kind);
    }
    told[state] = kinds;
  }
  const confirming = ["confirm_email", "reset_password"];
  assert.deepEqual(told, {
    unknown: [...confirming, "confirm_new_email"],
    known: ["already_registered", "reset_password", "already_registered"],
    registered: [...confirming, "confirm_new_email"],
    unconfirmed: [...confirming, "already_registered"],
    disabled: [undefined, undefined, undefined],
  });
});
