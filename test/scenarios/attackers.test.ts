import assert from "node:assert/strict";
import { Auth } from "../../src/auth/auth.ts";
import { createSmtpMailer } from "../../src/mail/smtp.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { startMailServer } from "../support/mail-server.ts";
import {
  createProductionWorld,
  deliverMails,
  formatCookieHeader,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { day, form, hour, productionEnvironment, type World } from "../support/world.ts";

const attacker = { email: "mallory@example.com", password: "a-Strangers-password-5" };
const attackerAddress = { ip: "198.51.100.7" };

interface ComparableResponse {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
}

async function readComparable(responsePromise: Promise<Response>): Promise<ComparableResponse> {
  const response = await responsePromise;
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}

/** Sends all requests whose responses could reveal to an attacker what the owner of the address does. */
async function probeAddress(world: World, Cookie: string): Promise<Record<string, unknown>> {
  const exported = await readComparable(
    world.request("/profile/export", { headers: { Cookie }, ...attackerAddress } as RequestInit),
  );
  const { events: _, updated_at: __, ...account } = JSON.parse(exported.body);
  return {
    export: { ...exported, body: account },
    login: await readComparable(
      world.request("/sessions", {
        ...form({ ...owner, password: attacker.password }),
        ...attackerAddress,
      } as RequestInit),
    ),
    register: await readComparable(
      world.request("/users", {
        ...form({ ...owner, password: attacker.password }),
        ...attackerAddress,
      } as RequestInit),
    ),
    confirm: await readComparable(
      world.request("/email_verification", { ...form({ email: owner.email }), ...attackerAddress } as RequestInit),
    ),
    reset: await readComparable(
      world.request("/reset_password", { ...form({ email: owner.email }), ...attackerAddress } as RequestInit),
    ),
  };
}

async function confirmRegistration(world: World): Promise<void> {
  const token = (await deliverMails(world)).findLast(
    ({ kind, to }) => kind === "confirm_email" && to === owner.email,
  )?.token;
  const response = await world.request(
    "/email_verification",
    form({ ...owner, token: token ?? "" }, { method: "PUT" }),
  );
  assert.equal(response.status, 200, await response.text());
}

async function resetPassword(world: World): Promise<void> {
  await world.request("/reset_password", form({ email: owner.email }));
  const token = (await deliverMails(world)).findLast(({ kind }) => kind === "reset_password")?.token ?? "";
  const fields = { email: owner.email, reset_token: token, new_password: `${strongPassword}!` };
  assert.equal((await world.request("/reset_password", form(fields, { method: "PUT" }))).status, 200);
}

const ownerActions: Record<
  string,
  { prepare?: (world: World) => Promise<unknown>; act: (world: World) => Promise<unknown> }
> = {
  "registers and confirms": {
    async act(world) {
      await world.request("/users", form(owner));
      await confirmRegistration(world);
    },
  },
  "resets the password of a registration": {
    async act(world) {
      await world.request("/users", form(owner));
      await resetPassword(world);
    },
  },
  "resets and logs in": {
    prepare: (world) => registerAndVerify(world),
    async act(world) {
      await resetPassword(world);
      await logInForCookies(world, { ...owner, password: `${strongPassword}!` });
    },
  },
  "changes the email address of an account to it": {
    prepare: (world) => registerAndVerify(world, { ...owner, email: "former@example.com" }),
    async act(world) {
      const Cookie = await logInForCookies(world, { ...owner, email: "former@example.com" });
      await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
      const mails = await deliverMails(world);
      const token = mails.findLast(({ kind }) => kind === "confirm_new_email")?.token ?? "";
      const fields = { ...owner, token };
      const response = await world.request("/email_verification", form(fields, { method: "PUT" }));
      assert.equal(response.status, 200, await response.text());
    },
  },
  "deletes the account": {
    prepare: (world) => registerAndVerify(world),
    act: async (world) => world.auth.admin.deleteAccount((await world.auth.admin.findAccount(owner.email))?.id ?? 0),
  },
};

for (const [action, { prepare, act }] of Object.entries(ownerActions)) {
  // id: owner-unseen
  test(`an attacker with a pending registration and email change for an address cannot see that its owner ${action}`, async () => {
    await using world = await createProductionWorld({ LIMIT_MAIL_NETWORK: "100/1h" });
    await prepare?.(world);
    await registerAndVerify(world, attacker);
    const Cookie = await logInForCookies(world, attacker, "", attackerAddress.ip);
    await world.request("/users", {
      ...form({ ...owner, password: attacker.password }),
      ...attackerAddress,
    } as RequestInit);
    const emailChange = form({ email: owner.email }, { method: "PUT", headers: { Cookie } });
    assert.equal(
      (await world.request("/profile/email", { ...emailChange, ...attackerAddress } as RequestInit)).status,
      200,
    );
    await deliverMails(world);
    const before = await probeAddress(world, Cookie);
    await deliverMails(world);
    await act(world);
    await deliverMails(world);
    assert.deepEqual(await probeAddress(world, Cookie), before);
    const { id } = await world.db.findUserBy({ email: attacker.email });
    assert.equal(await world.db.changeEmail.findNewEmail(id), owner.email);
    world.clock.advance(7 * day + hour);
    await world.auth.admin.sweep();
    assert.equal(await world.db.changeEmail.findNewEmail(id), null, "the email change expires independently");
  });
}

// id: taken-address-refused
test("an email change to an address that has an account by now cannot be confirmed", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, attacker);
  const Cookie = await logInForCookies(world, attacker);
  await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  await registerAndVerify(world);
  const fields = { email: owner.email, password: attacker.password, token };
  for (let i = 0; i < 2; i++) {
    const response = await world.request("/email_verification", form(fields, { method: "PUT" }));
    assert.deepEqual([response.status, response.headers.get("Error-Code")], [403, "bad_verify_token"]);
  }
  await logInForCookies(world);
  assert.equal((await world.db.findUserBy({ email: attacker.email })).email, attacker.email);
});

/** Requests that anyone can send about an address. Only the email change needs an account. */
const requests: Record<string, (world: World, Cookie: string, ip: string) => Promise<Response>> = {
  registration: (world, _, ip) => world.request("/users", { ...form(owner), ip } as RequestInit),
  "password reset": (world, _, ip) =>
    world.request("/reset_password", { ...form({ email: owner.email }), ip } as RequestInit),
  "email verification": (world, _, ip) =>
    world.request("/email_verification", { ...form({ email: owner.email }), ip } as RequestInit),
  "email change": (world, Cookie, ip) =>
    world.request("/profile/email", {
      ...form({ email: owner.email }, { method: "PUT", headers: { Cookie } }),
      ip,
    } as RequestInit),
};

for (const [name, send] of Object.entries(requests)) {
  // id: others-requests-unseen
  test(`the responses to a request for ${name} do not reveal whether others have sent the same request`, async () => {
    const responses: ComparableResponse[][] = [];
    for (const otherCount of [0, 12]) {
      await using world = await createProductionWorld();
      const otherCookies: string[] = [];
      for (let i = 0; i < (name === "email change" ? otherCount : 0); i++) {
        await world.auth.registerUser(`other${i}@example.com`, strongPassword);
        const { id } = await world.db.findUserBy({ email: `other${i}@example.com` });
        await world.db.updateUser(id, { emailVerifiedAt: world.clock.now() });
        otherCookies.push(
          await logInForCookies(
            world,
            { email: `other${i}@example.com`, password: strongPassword },
            "",
            `192.0.2.${i}`,
          ),
        );
      }
      await registerAndVerify(world, attacker);
      const attackerCookies = await logInForCookies(world, attacker, "", attackerAddress.ip);
      for (let i = 0; i < otherCount; i++) {
        assert.equal((await send(world, otherCookies[i] ?? "", `192.0.2.${i}`)).status, 200);
      }
      const attackerResponses: ComparableResponse[] = [];
      for (let i = 0; i < 6; i++) {
        attackerResponses.push(await readComparable(send(world, attackerCookies, attackerAddress.ip)));
      }
      responses.push(attackerResponses);
    }
    assert.deepEqual(responses[1], responses[0]);
  });
}

// id: newcomer-resets
test("if attackers have used up the registration emails of a mailbox, its owner can create an account with a password reset", async () => {
  await using world = await createProductionWorld();
  for (let i = 0; i < 7; i++) {
    const email = i < 5 ? `bob+${i}@example.com` : "eve@example.com";
    await world.request("/users", { ...form({ email, password: strongPassword }), ip: `192.0.2.${i}` } as RequestInit);
  }
  await deliverMails(world);
  assert.equal((await world.request("/users", form(owner))).status, 200);
  assert.deepEqual(await deliverMails(world), [], "the limit of the mailbox is reached");
  await resetPassword(world);
  await logInForCookies(world, { ...owner, password: `${strongPassword}!` });
});

// id: unknown-owner-resets
test("the owner can reset the password from an unknown device and log in while attackers keep sending requests", async () => {
  await using server = await startMailServer();
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const url = `smtp://127.0.0.1:${server.port}`;
  const settings = readSettings({ ...productionEnvironment, SMTP_URL: url, BCRYPT_COST: "4" });
  const mailer = createSmtpMailer(url, settings);
  const sender = new Auth(world.db, { settings, mailer, clock: world.clock.now });
  let network = 0;
  const sendAttackRequests = async () => {
    for (let i = 0; i < 12; i++) {
      const ip = `198.51.${network >> 8}.${network++ & 255}`;
      await world.request("/sessions", { ...form({ ...owner, password: "wrong" }), ip } as RequestInit);
      assert.equal(
        (await world.request("/reset_password", { ...form({ email: owner.email }), ip } as RequestInit)).status,
        200,
      );
      world.clock.advance(11_000);
      await sender.outbox.deliver();
    }
  };
  await sendAttackRequests();
  const ownerAddress = { ip: "203.0.113.80" };
  assert.equal((await world.request("/sessions", { ...form(owner), ...ownerAddress } as RequestInit)).status, 429);
  const resetRequest = await world.request("/reset_password", {
    ...form({ email: owner.email }),
    ...ownerAddress,
  } as RequestInit);
  assert.equal(resetRequest.status, 200);
  await sender.outbox.deliver();
  await sendAttackRequests();
  assert.equal(server.mails.length, 5, "the limit of emails per hour");
  const text = server.mails.at(-1)?.mime.text ?? "";
  const [, token = ""] = /[?&]token=([\w-]{43})/.exec(text) ?? [];
  const fields = { email: owner.email, reset_token: token, new_password: `${strongPassword}!` };
  const resetResponse = await world.request("/reset_password", {
    ...form(fields, { method: "PUT" }),
    ...ownerAddress,
  } as RequestInit);
  assert.equal(resetResponse.status, 200, await resetResponse.text());
  await sendAttackRequests();
  const changedOwner = { email: owner.email, password: `${strongPassword}!` };
  const Cookie = formatCookieHeader(readCookies(resetResponse));
  for (const [cookie, ip] of [
    [Cookie, "192.0.2.44"],
    ["", ownerAddress.ip],
  ] as const) {
    await logInForCookies(world, changedOwner, cookie, ip);
  }
  assert.equal((await world.request("/sessions", form(changedOwner))).status, 429);
  await sender.close();
  await mailer.close();
});
