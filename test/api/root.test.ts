import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, logIn, readStatusAndBody, register, urlencoded, withJson } from "../support/steps.ts";
import { createWorld } from "../support/world.ts";

const welcome = '200 {"message":"Bienvenue"}\n';

test("GET / returns the greeting", async () => {
  await using world = await createWorld();
  const response = await world.request("/");
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(await readStatusAndBody(response), welcome);
});

test("POST, PUT and DELETE / respond like GET, because clients keep their method across the redirect of a logout", async () => {
  await using world = await createWorld();
  for (const method of ["POST", "PUT", "DELETE"]) {
    assert.equal(await readStatusAndBody(world.request("/", { method })), welcome, method);
  }
});

test("a request body on / is ignored", async () => {
  await using world = await createWorld();
  for (const init of [
    withJson([]),
    urlencoded("email=a&email=b"),
    urlencoded("%ff"),
    { method: "PUT", body: "text" },
  ]) {
    assert.equal(await readStatusAndBody(world.request("/", init)), welcome);
  }
});

test("HEAD / returns the headers of GET / without the body", async () => {
  await using world = await createWorld();
  const [head, get] = [await world.request("/", { method: "HEAD" }), await world.request("/")];
  assert.equal(await readStatusAndBody(head), "200 ");
  assert.deepEqual([...head.headers], [...get.headers]);
});

test("clients that accept HTML are redirected to the account or the login page; others get the greeting", async () => {
  await using world = await createWorld({ CORS_ORIGINS: "https://app.example.com" });
  await register(world);
  const Cookie = `session_id=${await logIn(world, bob)}`;
  const get = (headers: Record<string, string>, path = "/") => world.request(path, { headers });
  for (const Accept of ["text/html", "TEXT/HTML ;q=0.1", "application/json, text/html", "text/html,*/*;q=0.8"]) {
    for (const [headers, path, to] of [
      [{ Accept }, "/", "/login"],
      [{ Accept }, "/?lang=fr", "/login?lang=fr"],
      [{ Accept, Cookie: "session_id=wrong" }, "/", "/login"],
      [{ Accept, Cookie }, "/", "/account"],
    ] as const) {
      const response = await get(headers, path);
      assert.deepEqual([response.status, response.headers.get("Location")], [302, to], Accept);
      assert.equal(response.headers.get("Vary"), "Origin, Accept");
    }
    for (const method of ["POST", "PUT", "DELETE"]) {
      assert.equal(await readStatusAndBody(world.request("/", { method, headers: { Accept } })), welcome);
    }
  }
  for (const Accept of ["*/*", "", "application/json", "text/*", "text/html;q=0", "text/html; q=0.0", "text/htmlx"]) {
    const response = await get({ Accept, Cookie });
    assert.equal(response.headers.get("Vary"), "Origin, Accept");
    assert.equal(await readStatusAndBody(response), welcome, Accept);
  }
  await using plain = await createWorld();
  assert.equal((await plain.request("/")).headers.get("Vary"), "Accept");
});
