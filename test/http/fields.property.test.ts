import assert from "node:assert/strict";
import fc from "fast-check";
import { type Context, Hono } from "hono";
import { readFields } from "../../src/http/fields.ts";
import { RequestError } from "../../src/http/refusals.ts";
import { anyText } from "../support/any-text.ts";
import { test } from "../support/engines.ts";
import { bob, multipart, urlencoded, withBody, withJson } from "../support/steps.ts";
import { createWorld } from "../support/world.ts";

/** Returns the fields that `readFields` reads from a body, or the code of its error. */
async function read(init: RequestInit, names: string[]): Promise<Record<string, string | undefined> | string> {
  const app = new Hono().post("/", async (c: Context) => c.json(await readFields(c, ...names)));
  app.onError((error, c) => {
    if (!(error instanceof RequestError)) throw error;
    return c.json(error.code);
  });
  const response = await app.fetch(new Request("http://localhost/", init));
  return (await response.json()) as Record<string, string> | string;
}

const special = fc.constantFrom(..."\ufeff\0\r\n\t &=+%;\"'\\[]{}-\u2028é🐧");
const text = fc.string({
  unit: fc.oneof(special, anyText({ minLength: 1, maxLength: 1 })),
  maxLength: 100,
});
/** A field name without characters that forms escape in different ways, and without the bracket of an array. */
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((each) => !/[\r\n"%[]/.test(each));
const fields = fc.uniqueArray(fc.tuple(name, text), { maxLength: 10, selector: ([each]) => each });

/** Replaces every line end by CRLF, as forms do. */
const asForm = (value: string) => value.replaceAll(/\r\n|\r|\n/g, "\r\n");
const withoutEmpty = (value: readonly (readonly [string, string])[]) =>
  Object.fromEntries(value.filter(([, each]) => each !== ""));

// id: fields-round-trip
test("fields are read unchanged from urlencoded, JSON and multipart bodies", async () => {
  await fc.assert(
    fc.asyncProperty(fields, async (pairs) => {
      const names = pairs.map(([each]) => each);
      const expected = withoutEmpty(pairs);
      assert.deepEqual(
        await read({ method: "POST", body: new URLSearchParams(pairs as [string, string][]) }, names),
        expected,
      );
      assert.deepEqual(await read(withJson(Object.fromEntries(pairs)), names), expected);
      const crlf = withoutEmpty(pairs.map(([each, value]) => [each, asForm(value)] as const));
      assert.deepEqual(await read(multipart(pairs), names), crlf);
    }),
    { numRuns: 300 },
  );
});

test("a repeated field is rejected in all three formats, at any position", async () => {
  await fc.assert(
    fc.asyncProperty(
      fields.filter(({ length }) => length > 0),
      fc.nat(),
      text,
      async (pairs, at, value) => {
        const [again] = pairs[at % pairs.length] as [string, string];
        const twice = pairs.toSpliced(at % (pairs.length + 1), 0, [again, value]);
        const names = pairs.map(([each]) => each);
        const object = `{${twice.map((pair) => pair.map((each) => JSON.stringify(each)).join(":")).join()}}`;
        for (const init of [
          { method: "POST", body: new URLSearchParams(twice as [string, string][]) },
          withBody("application/json", object),
          multipart(twice),
        ]) {
          assert.equal(await read(init, names), "field_repeated");
        }
      },
    ),
    { numRuns: 300 },
  );
});

const types = [
  "application/x-www-form-urlencoded",
  "application/json",
  "multipart/form-data; boundary=X",
  "text/plain",
];
const part = (key: string, value: string) => `--X\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`;
const wellFormed = [
  new URLSearchParams({ ...bob, reset_token: "x", new_password: "é\0 " }).toString(),
  JSON.stringify({ ...bob, reset_token: "x", new_password: 'é\0\\"' }),
  `${Object.entries(bob)
    .map(([key, value]) => part(key, value))
    .join("")}--X--\r\n`,
].map((each) => Buffer.from(each));
const bytes = fc.uint8Array({ maxLength: 300 });
/** A well-formed body in which some bytes are removed or replaced. */
const damaged = fc
  .tuple(fc.constantFrom(...wellFormed), fc.nat(300), fc.nat(20), fc.uint8Array({ maxLength: 5 }))
  .map(([good, at, cut, put]) => Buffer.concat([good.subarray(0, at), put, good.subarray(at + cut)]));

// id: any-body-answered
test("any body gets a response below 500 with the contract's JSON, and nothing is thrown", async () => {
  await using world = await createWorld();
  const route = fc.constantFrom(
    ["POST", "/users"],
    ["POST", "/sessions"],
    ["POST", "/reset_password"],
    ["PUT", "/reset_password"],
  );
  await fc.assert(
    fc.asyncProperty(
      route,
      fc.constantFrom(...types),
      fc.oneof(bytes, damaged),
      async ([method, path = ""], type, content) => {
        const response = await world.request(path, withBody(type, new Uint8Array(content), method));
        assert.ok(response.status < 500);
        const text = await response.text();
        assert.ok(text.endsWith("}\n"));
        const { message, reset_token } = JSON.parse(text);
        assert.equal(typeof (message ?? reset_token), "string");
      },
    ),
    { numRuns: 1500 },
  );
  // On a slow machine, this many rejections take longer than the interval in which audit entries are merged.
  const faults = world.logEntries.filter(({ level, event }) => level !== "info" && event !== "refusals_unlogged");
  assert.deepEqual(faults, []);
});

test("any body headers get a response below 500", async () => {
  await using world = await createWorld();
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."abX/;=\"' ,-\t\xe9*()<>[]\\"), maxLength: 60 }),
    fc.constantFrom(
      ...types,
      'multipart/form-data; boundary="',
      'multipart/form-data; boundary="X',
      "multipart/form-data;boundary",
    ),
  );
  const header = fc.constantFrom(
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Cookie",
    "Origin",
    "Host",
    "User-Agent",
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(header, value), fc.constantFrom(...wellFormed), async (headers, content) => {
      const response = await world.request("/sessions", { ...urlencoded(""), headers, body: new Uint8Array(content) });
      assert.ok(response.status >= 400 && response.status < 500);
      assert.equal(typeof JSON.parse(await response.text()).message, "string");
    }),
    { numRuns: 500 },
  );
});
