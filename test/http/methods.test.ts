import assert from "node:assert/strict";
import { routes } from "../../src/app.ts";
import { serve } from "../../src/http/server.ts";
import { createMailer } from "../../src/mail/mail.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { logIn, register } from "../support/steps.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld, type World } from "../support/world.ts";

const paths = [...routes, "/dev/outbox"].map((path) =>
  path.replace(/:id\{.*/, "h".repeat(43)).replace(/:name\{.*/, "x.css"),
);
const accepts = ["text/html", "application/json", "*/*"];

async function createWorldWithOutbox(): Promise<World> {
  const { outbox } = await createMailer(readSettings(), silent);
  const world = await createWorld({}, { outbox });
  await register(world);
  return world;
}

/** Returns the headers of a response, with only the names of cookies, whose values differ. */
function readHeaders({ headers }: Response): [string, string][] {
  return [...headers].map(([name, value]) => [name, name === "set-cookie" ? value.replace(/=[^;]*/, "") : value]);
}

test("HEAD gets the same response as GET without the body, on every path, with and without a session", async () => {
  await using world = await createWorldWithOutbox();
  const Cookie = `session_id=${await logIn(world)}`;
  for (const path of paths) {
    for (const Accept of accepts) {
      for (const headers of [{ Accept }, { Accept, Cookie }]) {
        const [get, head] = [
          await world.request(path, { headers }),
          await world.request(path, { method: "HEAD", headers }),
        ];
        assert.equal(head.status, get.status, path);
        assert.deepEqual(readHeaders(head), readHeaders(get), path);
        assert.equal(await head.text(), "", path);
      }
    }
  }
});

test("the methods in Allow are accepted, and every other method gets 405 with the same Allow", async () => {
  await using world = await createWorldWithOutbox();
  const methods = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "PROPFIND",
    "LOCK",
    "PURGE",
  ];
  await using server = closeAfterTest(
    await serve({ fetch: world.app.fetch, host: "127.0.0.1", port: 0, log: world.auth.log }),
  );
  using connection = await openRawConnection(server.port);
  for (const path of paths) {
    const send = async (method: string, Accept: string) => {
      connection.send(formatRequest(`${method} ${path}`, { Accept }));
      return connection.readResponse(method === "HEAD" ? "HEAD" : undefined);
    };
    const allow = (await send("PATCH", "*/*")).headers.get("allow");
    const allowed = allow?.split(", ") ?? [];
    assert.ok(allowed.length > 0, path);
    assert.equal(allowed.includes("GET"), allowed.includes("HEAD"), path);
    for (const method of methods) {
      for (const Accept of accepts) {
        const response = await send(method, Accept);
        assert.equal(response.status === 405, !allowed.includes(method), `${method} ${path}: ${response.status}`);
        assert.equal(response.headers.get("allow"), response.status === 405 ? allow : undefined);
      }
    }
  }
});

test("every method gets 404 for an unknown path", async () => {
  await using world = await createWorldWithOutbox();
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    for (const Accept of accepts) {
      const response = await world.request("/nope", { method, headers: { Accept } });
      assert.deepEqual([response.status, response.headers.get("Allow")], [404, null], method);
    }
  }
});
