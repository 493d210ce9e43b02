import assert from "node:assert/strict";
import { describe } from "node:test";
import { test } from "../support/engines.ts";
import { createWorldWithFullQueue } from "../support/full-queue.ts";
import {
  assertRejected,
  bob,
  canLogIn,
  isSessionOpen,
  logIn,
  multipart,
  readStatusAndBody,
  redeemResetToken,
  register,
  requestResetToken,
  withJson,
} from "../support/steps.ts";
import { createWorld, form, hour } from "../support/world.ts";

const eve = { email: "eve@example.com", password: "other" };
const changed = '200 {"email":"bob@example.com","message":"Password updated"}\n';
const badToken = '403 {"message":"the reset token is wrong, used or expired"}\n';
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

describe("POST /reset_password", () => {
  test("returns a token of 36 characters, a UUID", async () => {
    await using world = await createWorld();
    await register(world);
    const response = await world.request("/reset_password", form({ email: " BOB@example.com" }));
    assert.equal(response.headers.get("Content-Type"), "application/json");
    assert.match(
      await readStatusAndBody(response),
      new RegExp(`^200 {"email":"bob@example.com","reset_token":"${uuid}"}\n$`),
    );
  });

  test("returns 403 for an unknown or missing address", async () => {
    await using world = await createWorld();
    await register(world);
    for (const fields of [{ email: "nobody@example.com" }, { email: "no address" }, { email: "" }, {}]) {
      for (const init of [form(fields), withJson(fields), multipart(Object.entries(fields))]) {
        assert.equal(
          await readStatusAndBody(world.request("/reset_password", init)),
          '403 {"message":"no account has this email"}\n',
        );
      }
    }
    for (const email of [null, 1]) await assertRejected(world.request("/reset_password", withJson({ email })), 403);
    await assertRejected(world.request("/reset_password", { method: "POST" }), 403);
  });

  test("changes neither the password nor any session", async () => {
    await using world = await createWorld();
    await register(world);
    const sessionId = await logIn(world);
    await requestResetToken(world);
    assert.ok((await isSessionOpen(world, sessionId)) && (await canLogIn(world, bob)));
  });
});

describe("PUT /reset_password", () => {
  // id: ends-every-session
  test("changes the password, and ends all sessions of the user but none of other users", async () => {
    await using world = await createWorld();
    await register(world);
    await register(world, eve);
    const [phone, laptop, hers] = [await logIn(world), await logIn(world), await logIn(world, eve)];
    const fields = { email: "Bob@Example.com ", reset_token: await requestResetToken(world), new_password: "new" };
    const response = await redeemResetToken(world, fields);
    assert.equal(response.headers.get("Content-Type"), "application/json");
    assert.equal(await readStatusAndBody(response), changed);
    assert.deepEqual([await isSessionOpen(world, phone), await isSessionOpen(world, laptop)], [false, false]);
    assert.ok(await isSessionOpen(world, hers));
    assert.deepEqual([await canLogIn(world, bob), await canLogIn(world, { ...bob, password: "new" })], [false, true]);
    assert.ok(await canLogIn(world, eve));
  });

  test("accepts urlencoded, multipart and JSON bodies", async () => {
    await using world = await createWorld();
    await register(world);
    for (const encode of [form, withJson, (fields: object) => multipart(Object.entries(fields))]) {
      const fields = { email: bob.email, reset_token: await requestResetToken(world), new_password: bob.password };
      assert.equal(
        await readStatusAndBody(world.request("/reset_password", { ...encode(fields), method: "PUT" })),
        changed,
      );
    }
  });

  // id: no-token-refused
  test("without a token, or with an empty or wrong one, returns 403 and changes no password", async () => {
    await using world = await createWorld();
    await register(world);
    await register(world, eve);
    const token = await requestResetToken(world);
    const { hashedPassword } = await world.db.findUserBy({ email: bob.email });
    for (const reset_token of [
      "",
      "x",
      "null",
      "undefined",
      crypto.randomUUID(),
      token.slice(1),
      token.toUpperCase(),
    ]) {
      assert.equal(
        await readStatusAndBody(redeemResetToken(world, { email: bob.email, reset_token, new_password: "new" })),
        badToken,
      );
    }
    const rest = { email: eve.email, new_password: "new" };
    for (const fields of [
      rest,
      { ...rest, reset_token: null },
      { ...rest, reset_token: 0 },
      {},
      { reset_token: null },
    ]) {
      assert.equal(await readStatusAndBody(world.request("/reset_password", withJson(fields, "PUT"))), badToken);
    }
    assert.equal(await readStatusAndBody(world.request("/reset_password", { method: "PUT" })), badToken);
    assert.equal((await world.db.findUserBy({ email: bob.email })).hashedPassword, hashedPassword);
    assert.ok(await canLogIn(world, eve));
  });

  // id: another-email-refused
  test("with a valid token but another or no email, returns 403, and the token stays valid", async () => {
    await using world = await createWorld();
    await register(world);
    await register(world, eve);
    const rest = { reset_token: await requestResetToken(world), new_password: "new" };
    for (const email of [eve.email, "nobody@example.com", "", "bob@example.co", "bób@example.com"]) {
      assert.equal(await readStatusAndBody(redeemResetToken(world, { ...rest, email })), badToken, email);
    }
    assert.equal(await readStatusAndBody(redeemResetToken(world, rest)), badToken);
    assert.ok((await canLogIn(world, bob)) && (await canLogIn(world, eve)));
    assert.equal(await readStatusAndBody(redeemResetToken(world, { ...rest, email: bob.email })), changed);
  });

  // id: dead-token-refused
  test("with a used, replaced or expired token, returns 403", async () => {
    await using world = await createWorld({ RESET_TOKEN_LIFETIME: "1h" });
    await register(world);
    const using = (reset_token: string) =>
      redeemResetToken(world, { email: bob.email, reset_token, new_password: bob.password });
    const used = await requestResetToken(world);
    assert.equal(await readStatusAndBody(using(used)), changed);
    const replaced = await requestResetToken(world);
    const expired = await requestResetToken(world);
    world.clock.advance(hour);
    for (const token of [used, replaced, expired]) assert.equal(await readStatusAndBody(using(token)), badToken);
    assert.equal(await readStatusAndBody(using(await requestResetToken(world))), changed);
  });

  // id: redeemed-once
  test("succeeds exactly once for simultaneous requests with one token", async () => {
    await using world = await createWorld();
    await register(world);
    const reset_token = await requestResetToken(world);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        readStatusAndBody(redeemResetToken(world, { email: bob.email, reset_token, new_password: `new ${i}` })),
      ),
    );
    const winner = answers.indexOf(changed);
    assert.deepEqual(answers.toSpliced(winner, 1), Array(7).fill(badToken));
    assert.ok(await canLogIn(world, { ...bob, password: `new ${winner}` }));
  });

  test("with a rejected new password, returns 400, and the token stays valid", async () => {
    await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
    await register(world);
    const rest = { email: bob.email, reset_token: await requestResetToken(world) };
    await assertRejected(redeemResetToken(world, rest), 400, /^password is missing$/);
    await assertRejected(redeemResetToken(world, { ...rest, new_password: "" }), 400, /^password is missing$/);
    await assertRejected(world.request("/reset_password", withJson({ ...rest, new_password: 12345678 }, "PUT")), 400);
    await assertRejected(redeemResetToken(world, { ...rest, new_password: "short" }), 400, /8 characters/);
    await assertRejected(world.request("/reset_password", withJson({ ...rest, new_password: ["a"] }, "PUT")), 400);
    assert.equal(await readStatusAndBody(redeemResetToken(world, { ...rest, new_password: "long enough" })), changed);
  });

  test("while the hash queue is full, returns 503, and the token stays valid", async () => {
    await using world = await createWorldWithFullQueue({ BCRYPT_COST: "12" });
    await world.db.addUser(bob.email, "!");
    const redemption = { email: bob.email, reset_token: await requestResetToken(world), new_password: "new" };
    const response = await redeemResetToken(world, redemption);
    assert.match(response.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await assertRejected(response, 503, /^too many logins; try again in \d+ seconds?$/);
    // The queue prefers a network without waiting passwords.
    const again = world.request("/reset_password", { ...form(redemption, { method: "PUT" }), ip: "192.0.2.1" });
    assert.equal(await readStatusAndBody(again), changed);
  });
});
