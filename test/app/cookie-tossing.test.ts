import assert from "node:assert/strict";
import { test } from "../engines.ts";
import { createWorld, form, type World } from "../world.ts";
import { bob, cookie, logIn, refused, register, said } from "./steps.ts";

const eve = { email: "eve@example.com", password: "other" };
const name = "__Host-session_id";
/** As production has it: no page but the host's own, over https, can set a cookie of this name. */
const guarded = { PUBLIC_URL: "https://auth.example.com", COOKIE_NAME: name };

function profile(world: World, header: string): Promise<string> {
  return said(world.request("/profile", cookie(header)));
}

test("a neighbour's cookie of another name is never read, wherever it stands", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const [his, hers] = [await logIn(world), await logIn(world, eve)];
  for (const tossed of [
    "session_id",
    "__host-session_id",
    "__HOST-session_id",
    "__Secure-session_id",
    "__Host-session_i",
  ]) {
    for (const header of [`${tossed}=${hers}; ${name}=${his}`, `${name}=${his}; ${tossed}=${hers}`]) {
      assert.equal(await profile(world, header), '200 {"email":"bob@example.com"}\n', header);
    }
    await refused(world.request("/profile", cookie(`${tossed}=${hers}`)), 403);
  }
  await refused(world.request("/profile", cookie(`=${name}=${hers}`)), 403);
});

test("of two of the same name the first counts, for every route alike", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const [his, hers] = [await logIn(world), await logIn(world, eve)];
  const both = `${name}=${his}; ${name}=${hers}`;
  assert.equal(await profile(world, both), '200 {"email":"bob@example.com"}\n');
  assert.equal((await world.request("/sessions", cookie(both, { method: "DELETE" }))).status, 302);
  await refused(world.request("/profile", cookie(both)), 403);
  assert.equal(await profile(world, `${name}=${hers}`), '200 {"email":"eve@example.com"}\n');
});

test("a session id that was planted is never adopted by a login, and ends with it", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const hers = await logIn(world, eve);
  for (const planted of [hers, crypto.randomUUID(), "x"]) {
    const his = await logIn(world, bob, { Cookie: `${name}=${planted}` });
    assert.notEqual(his, planted);
    await refused(world.request("/profile", cookie(`${name}=${planted}`)), 403);
    assert.equal(await profile(world, `${name}=${his}`), '200 {"email":"bob@example.com"}\n');
  }
});

test("a session id in a field or in the query is none", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  const his = await logIn(world);
  await refused(world.request(`/profile?${name}=${his}&session_id=${his}`), 403);
  const login = await world.request("/sessions", form({ ...bob, session_id: "planted", sessionId: "planted" }));
  assert.ok(!(login.headers.get("Set-Cookie") ?? "").includes("planted"));
});
