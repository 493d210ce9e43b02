import assert from "node:assert/strict";
import { test } from "../engines.ts";
import { createWorld } from "../world.ts";
import { json, said, urlencoded } from "./steps.ts";

const welcome = '200 {"message":"Bienvenue"}\n';

test("GET / welcomes", async () => {
  await using world = await createWorld();
  const response = await world.request("/");
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(await said(response), welcome);
});

test("POST, PUT and DELETE / answer as GET does: clients keep their method across the redirect of a logout", async () => {
  await using world = await createWorld();
  for (const method of ["POST", "PUT", "DELETE"]) {
    assert.equal(await said(world.request("/", { method })), welcome, method);
  }
});

test("a body that comes along to / does not matter, whatever it is", async () => {
  await using world = await createWorld();
  for (const init of [json([]), urlencoded("email=a&email=b"), urlencoded("%ff"), { method: "PUT", body: "text" }]) {
    assert.equal(await said(world.request("/", init)), welcome);
  }
});

test("HEAD / is GET / without its body", async () => {
  await using world = await createWorld();
  const [head, get] = [await world.request("/", { method: "HEAD" }), await world.request("/")];
  assert.equal(await said(head), "200 ");
  assert.deepEqual([...head.headers], [...get.headers]);
});
