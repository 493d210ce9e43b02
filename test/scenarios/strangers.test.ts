import assert from "node:assert/strict";
import { Auth } from "../../src/auth/auth.ts";
import { createSmtpMailer } from "../../src/mail/smtp.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { startMailServer } from "../support/mail-server.ts";
import {
  createProductionWorld,
  deliverMails,
  logInForCookies,
  owner,
  readCookies,
  registerAndConfirm,
  strongPassword,
  toCookieHeader,
} from "../support/production.ts";
import { day, form, hour, productionEnvironment, type World } from "../support/world.ts";

const stranger = { email: "mallory@example.com", password: "a-Strangers-password-5" };
const strangerAt = { ip: "198.51.100.7" };

interface Seen {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
}

/** A whole answer, without what differs from one to the next whoever asks. */
async function see(answer: Promise<Response>): Promise<Seen> {
  const response = await answer;
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}

/** What the stranger sees of a registration of the owner's address, and of a move there. */
async function look(world: World, Cookie: string): Promise<Record<string, unknown>> {
  const exported = await see(world.request("/profile/export", { headers: { Cookie }, ...strangerAt } as RequestInit));
  const { events: _, updated_at: __, ...account } = JSON.parse(exported.body);
  return {
    export: { ...exported, body: account },
    login: await see(
      world.request("/sessions", { ...form({ ...owner, password: stranger.password }), ...strangerAt } as RequestInit),
    ),
    register: await see(
      world.request("/users", { ...form({ ...owner, password: stranger.password }), ...strangerAt } as RequestInit),
    ),
    confirm: await see(
      world.request("/email_verification", { ...form({ email: owner.email }), ...strangerAt } as RequestInit),
    ),
    reset: await see(
      world.request("/reset_password", { ...form({ email: owner.email }), ...strangerAt } as RequestInit),
    ),
  };
}

async function confirmOwners(world: World): Promise<void> {
  const token = (await deliverMails(world)).findLast(
    ({ kind, to }) => kind === "confirm_email" && to === owner.email,
  )?.token;
  const answer = await world.request("/email_verification", form({ ...owner, token: token ?? "" }, { method: "PUT" }));
  assert.equal(answer.status, 200, await answer.text());
}

async function resetOwners(world: World): Promise<void> {
  await world.request("/reset_password", form({ email: owner.email }));
  const token = (await deliverMails(world)).findLast(({ kind }) => kind === "reset_password")?.token ?? "";
  const fields = { email: owner.email, reset_token: token, new_password: `${strongPassword}!` };
  assert.equal((await world.request("/reset_password", form(fields, { method: "PUT" }))).status, 200);
}

/** What the owner may do about the address in the meantime. */
const acts: Record<string, { before?: (world: World) => Promise<unknown>; act: (world: World) => Promise<unknown> }> = {
  "registers and confirms": {
    async act(world) {
      await world.request("/users", form(owner));
      await confirmOwners(world);
    },
  },
  "resets a registration": {
    async act(world) {
      await world.request("/users", form(owner));
      await resetOwners(world);
    },
  },
  "resets and logs in": {
    before: (world) => registerAndConfirm(world),
    async act(world) {
      await resetOwners(world);
      await logInForCookies(world, { ...owner, password: `${strongPassword}!` });
    },
  },
  "moves an account there": {
    before: (world) => registerAndConfirm(world, { ...owner, email: "former@example.com" }),
    async act(world) {
      const Cookie = await logInForCookies(world, { ...owner, email: "former@example.com" });
      await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
      const mails = await deliverMails(world);
      const token = mails.findLast(({ kind }) => kind === "confirm_new_email")?.token ?? "";
      const fields = { ...owner, token };
      const moved = await world.request("/email_verification", form(fields, { method: "PUT" }));
      assert.equal(moved.status, 200, await moved.text());
    },
  },
  "deletes the account": {
    before: (world) => registerAndConfirm(world),
    act: async (world) => world.auth.admin.deleteAccount((await world.auth.admin.find(owner.email))?.id ?? 0),
  },
};

for (const [what, { before, act }] of Object.entries(acts)) {
  // id: owner-unseen
  test(`a stranger with a registration of an address, and a move there, sees nothing when its owner ${what}`, async () => {
    await using world = await createProductionWorld({ LIMIT_MAIL_NETWORK: "100/1h" });
    await before?.(world);
    await registerAndConfirm(world, stranger);
    const Cookie = await logInForCookies(world, stranger, "", strangerAt.ip);
    await world.request("/users", { ...form({ ...owner, password: stranger.password }), ...strangerAt } as RequestInit);
    const move = form({ email: owner.email }, { method: "PUT", headers: { Cookie } });
    assert.equal((await world.request("/profile/email", { ...move, ...strangerAt } as RequestInit)).status, 200);
    await deliverMails(world);
    const seen = await look(world, Cookie);
    await deliverMails(world);
    await act(world);
    await deliverMails(world);
    assert.deepEqual(await look(world, Cookie), seen);
    const { id } = await world.db.findUserBy({ email: stranger.email });
    assert.equal(await world.db.changeEmail.findNewEmail(id), owner.email);
    world.clock.advance(7 * day + hour);
    await world.auth.admin.sweep();
    assert.equal(await world.db.changeEmail.findNewEmail(id), null, "it ends by its own age");
  });
}

// id: taken-address-refused
test("a move to an address that has an account by now cannot be confirmed", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, stranger);
  const Cookie = await logInForCookies(world, stranger);
  await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  await registerAndConfirm(world);
  const fields = { email: owner.email, password: stranger.password, token };
  for (let i = 0; i < 2; i++) {
    const answer = await world.request("/email_verification", form(fields, { method: "PUT" }));
    assert.deepEqual([answer.status, answer.headers.get("Error-Code")], [403, "bad_verify_token"]);
  }
  await logInForCookies(world);
  assert.equal((await world.db.findUserBy({ email: stranger.email })).email, stranger.email);
});

/** What anybody may ask about an address; a move from the stranger's account. */
const questions: Record<string, (world: World, Cookie: string, ip: string) => Promise<Response>> = {
  register: (world, _, ip) => world.request("/users", { ...form(owner), ip } as RequestInit),
  reset: (world, _, ip) => world.request("/reset_password", { ...form({ email: owner.email }), ip } as RequestInit),
  confirm: (world, _, ip) =>
    world.request("/email_verification", { ...form({ email: owner.email }), ip } as RequestInit),
  move: (world, Cookie, ip) =>
    world.request("/profile/email", {
      ...form({ email: owner.email }, { method: "PUT", headers: { Cookie } }),
      ip,
    } as RequestInit),
};

for (const [what, ask] of Object.entries(questions)) {
  // id: others-requests-unseen
  test(`a stranger who asks to ${what} does not see whether others have asked the same`, async () => {
    const seen: Seen[][] = [];
    for (const others of [0, 12]) {
      await using world = await createProductionWorld();
      const movers: string[] = [];
      for (let i = 0; i < (what === "move" ? others : 0); i++) {
        await world.auth.registerUser(`mover${i}@example.com`, strongPassword);
        const { id } = await world.db.findUserBy({ email: `mover${i}@example.com` });
        await world.db.updateUser(id, { emailVerifiedAt: world.clock.now() });
        movers.push(
          await logInForCookies(
            world,
            { email: `mover${i}@example.com`, password: strongPassword },
            "",
            `192.0.2.${i}`,
          ),
        );
      }
      await registerAndConfirm(world, stranger);
      const mine = await logInForCookies(world, stranger, "", strangerAt.ip);
      for (let i = 0; i < others; i++) {
        assert.equal((await ask(world, movers[i] ?? "", `192.0.2.${i}`)).status, 200);
      }
      const answers: Seen[] = [];
      for (let i = 0; i < 6; i++) answers.push(await see(ask(world, mine, strangerAt.ip)));
      seen.push(answers);
    }
    assert.deepEqual(seen[1], seen[0]);
  });
}

// id: newcomer-resets
test("a newcomer whose mails strangers have used up has an account by a reset", async () => {
  await using world = await createProductionWorld();
  for (let i = 0; i < 7; i++) {
    const email = i < 5 ? `bob+${i}@example.com` : "eve@example.com";
    await world.request("/users", { ...form({ email, password: strongPassword }), ip: `192.0.2.${i}` } as RequestInit);
  }
  await deliverMails(world);
  assert.equal((await world.request("/users", form(owner))).status, 200);
  assert.deepEqual(await deliverMails(world), [], "the mailbox has had its five");
  await resetOwners(world);
  await logInForCookies(world, { ...owner, password: `${strongPassword}!` });
});

// id: unknown-owner-resets
test("an owner whom no device knows resets by mail and logs in while strangers keep asking", async () => {
  await using server = await startMailServer();
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const url = `smtp://127.0.0.1:${server.port}`;
  const settings = readSettings({ ...productionEnvironment, SMTP_URL: url, BCRYPT_COST: "4" });
  const mailer = createSmtpMailer(url, settings);
  const postman = new Auth(world.db, { settings, mailer, clock: world.clock.now });
  let network = 0;
  const poll = async () => {
    for (let i = 0; i < 12; i++) {
      const ip = `198.51.${network >> 8}.${network++ & 255}`;
      await world.request("/sessions", { ...form({ ...owner, password: "wrong" }), ip } as RequestInit);
      assert.equal(
        (await world.request("/reset_password", { ...form({ email: owner.email }), ip } as RequestInit)).status,
        200,
      );
      world.clock.advance(11_000);
      await postman.outbox.deliver();
    }
  };
  await poll();
  const home = { ip: "203.0.113.80" };
  assert.equal((await world.request("/sessions", { ...form(owner), ...home } as RequestInit)).status, 429);
  const asked = await world.request("/reset_password", { ...form({ email: owner.email }), ...home } as RequestInit);
  assert.equal(asked.status, 200);
  await postman.outbox.deliver();
  await poll();
  assert.equal(server.mails.length, 5, "an hour's mails, and no more");
  const text = server.mails.at(-1)?.mime.text ?? "";
  const [, token = ""] = /[?&]token=([\w-]{43})/.exec(text) ?? [];
  const fields = { email: owner.email, reset_token: token, new_password: `${strongPassword}!` };
  const done = await world.request("/reset_password", { ...form(fields, { method: "PUT" }), ...home } as RequestInit);
  assert.equal(done.status, 200, await done.text());
  await poll();
  const renewed = { email: owner.email, password: `${strongPassword}!` };
  const Cookie = toCookieHeader(readCookies(done));
  for (const [cookie, ip] of [
    [Cookie, "192.0.2.44"],
    ["", home.ip],
  ] as const) {
    await logInForCookies(world, renewed, cookie, ip);
  }
  assert.equal((await world.request("/sessions", form(renewed))).status, 429);
  await postman.close();
  await mailer.close();
});
