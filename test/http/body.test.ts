import assert from "node:assert/strict";
import { maxBodySize } from "../../src/http/body.ts";
import { test } from "../support/engines.ts";
import { assertRejected, bob, readStatusAndBody, urlencoded } from "../support/steps.ts";
import { createWorld } from "../support/world.ts";

const created = '200 {"email":"bob@example.com","message":"user created"}\n';
const registration = new URLSearchParams(bob).toString();
const full = `${registration}&more=`.padEnd(maxBodySize, "x");

/** Returns a request whose body arrives in chunks, as from a socket. If `broken`, it ends with an error. */
function pieces(text: string, { size = 1000, broken = false } = {}): RequestInit {
  const chunks = text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) controller.enqueue(Buffer.from(chunk));
      else if (broken) controller.error(new Error("ECONNRESET"));
      else controller.close();
    },
  });
  return { ...urlencoded(""), body: stream, duplex: "half" } as RequestInit;
}

test("a body of 16 KiB is accepted, and one byte more is rejected", async () => {
  await using world = await createWorld();
  await assertRejected(world.request("/users", urlencoded(`${full}x`)), 413, /^the body is over 16384 bytes$/);
  assert.ok(await world.db.users.isEmpty());
  assert.equal(await readStatusAndBody(world.request("/users", urlencoded(full))), created);
});

test("the size of a chunked body is counted while reading, regardless of Content-Length", async () => {
  await using world = await createWorld();
  await assertRejected(world.request("/users", pieces(`${full}x`)), 413);
  const small = pieces(`${full}x`);
  const lying = { ...small, headers: { ...small.headers, "Content-Length": "10" } };
  await assertRejected(world.request("/users", lying), 413);
  assert.equal(await readStatusAndBody(world.request("/users", pieces(full, { size: 7 }))), created);
});

test("a body with a Content-Length over the maximum is rejected before it is read", async () => {
  await using world = await createWorld();
  let read = false;
  const pull = () => {
    read = true;
  };
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  const { headers } = urlencoded("");
  const init = { method: "POST", headers: { ...headers, "Content-Length": "1000000000" }, body, duplex: "half" };
  await assertRejected(world.request("/users", init as RequestInit), 413);
  assert.equal(read, false);
});

test("an incomplete body is rejected, and not logged as an error", async () => {
  await using world = await createWorld();
  const response = world.request("/users", pieces(registration, { size: 5, broken: true }));
  await assertRejected(response, 400, /^the body is incomplete$/);
  assert.deepEqual(
    world.logEntries.map(({ level, event }) => [level, event]),
    [["info", "request_refused"]],
  );
  assert.ok(await world.db.users.isEmpty());
});

test("an empty body has no fields, regardless of its type", async () => {
  await using world = await createWorld();
  for (const type of ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/plain"]) {
    const init = { method: "POST", headers: { "Content-Type": type }, body: "" };
    await assertRejected(world.request("/users", init), 400, /^email is missing$/);
    await assertRejected(world.request("/sessions", init), 401);
    await assertRejected(world.request("/reset_password", init), 403);
    await assertRejected(world.request("/reset_password", { ...init, method: "PUT" }), 403);
  }
});
