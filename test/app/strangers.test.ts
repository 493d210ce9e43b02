import assert from "node:assert/strict";
import { test } from "../engines.ts";
import { day, form, hour, type World } from "../world.ts";
import { createProduction, enter, join, mailed, owner, strong } from "./production.ts";

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
  const token = (await mailed(world)).findLast(({ kind, to }) => kind === "confirm_email" && to === owner.email)?.token;
  const answer = await world.request("/email_verification", form({ ...owner, token: token ?? "" }, { method: "PUT" }));
  assert.equal(answer.status, 200, await answer.text());
}

async function resetOwners(world: World): Promise<void> {
  await world.request("/reset_password", form({ email: owner.email }));
  const token = (await mailed(world)).findLast(({ kind }) => kind === "reset_password")?.token ?? "";
  const fields = { email: owner.email, reset_token: token, new_password: `${strong}!` };
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
    before: (world) => join(world),
    async act(world) {
      await resetOwners(world);
      await enter(world, { ...owner, password: `${strong}!` });
    },
  },
  "moves an account there": {
    before: (world) => join(world, { ...owner, email: "former@example.com" }),
    async act(world) {
      const Cookie = await enter(world, { ...owner, email: "former@example.com" });
      await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
      const mails = await mailed(world);
      const token = mails.findLast(({ kind }) => kind === "confirm_new_email")?.token ?? "";
      const fields = { ...owner, token };
      const moved = await world.request("/email_verification", form(fields, { method: "PUT" }));
      assert.equal(moved.status, 200, await moved.text());
    },
  },
  "deletes the account": {
    before: (world) => join(world),
    act: async (world) => world.auth.deleteUser((await world.auth.findUser(owner.email))?.id ?? 0),
  },
};

for (const [what, { before, act }] of Object.entries(acts)) {
  test(`a stranger with a registration of an address, and a move there, sees nothing when its owner ${what}`, async () => {
    await using world = await createProduction({ LIMIT_MAIL_NETWORK: "100/1h" });
    await before?.(world);
    await join(world, stranger);
    const Cookie = await enter(world, stranger, "", strangerAt.ip);
    await world.request("/users", { ...form({ ...owner, password: stranger.password }), ...strangerAt } as RequestInit);
    const move = form({ email: owner.email }, { method: "PUT", headers: { Cookie } });
    assert.equal((await world.request("/profile/email", { ...move, ...strangerAt } as RequestInit)).status, 200);
    await mailed(world);
    const seen = await look(world, Cookie);
    await mailed(world);
    await act(world);
    await mailed(world);
    assert.deepEqual(await look(world, Cookie), seen);
    const { id } = await world.db.findUserBy({ email: stranger.email });
    assert.equal(await world.db.moveOf(id), owner.email);
    world.clock.forward(7 * day + hour);
    await world.auth.sweep();
    assert.equal(await world.db.moveOf(id), null, "it ends by its own age");
  });
}

test("a move to an address that has an account by now cannot be confirmed", async () => {
  await using world = await createProduction();
  await join(world, stranger);
  const Cookie = await enter(world, stranger);
  await world.request("/profile/email", form({ email: owner.email }, { method: "PUT", headers: { Cookie } }));
  const token = (await mailed(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  await join(world);
  const fields = { email: owner.email, password: stranger.password, token };
  for (let i = 0; i < 2; i++) {
    const answer = await world.request("/email_verification", form(fields, { method: "PUT" }));
    assert.deepEqual([answer.status, answer.headers.get("Error-Code")], [403, "bad_verify_token"]);
  }
  await enter(world);
  assert.equal((await world.db.findUserBy({ email: stranger.email })).email, stranger.email);
});
