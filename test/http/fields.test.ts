import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  assertRejected,
  bob,
  multipart,
  readStatusAndBody,
  register,
  urlencoded,
  withBody,
  withJson,
} from "../support/steps.ts";
import { createWorld, form, type World } from "../support/world.ts";

const created = '200 {"email":"bob@example.com","message":"user created"}\n';
const { email, password } = bob;

/** Every route with fields, each with one of its required fields. */
const routes = [
  ["POST", "/users", "email"],
  ["POST", "/users", "password"],
  ["POST", "/sessions", "email"],
  ["POST", "/sessions", "password"],
  ["POST", "/reset_password", "email"],
  ["PUT", "/reset_password", "email"],
  ["PUT", "/reset_password", "reset_token"],
  ["PUT", "/reset_password", "new_password"],
] as const;

async function assertEachRejected(world: World, inits: readonly RequestInit[], status: number, message?: RegExp) {
  for (const init of inits) {
    for (const [method, path] of routes)
      await assertRejected(world.request(path, { ...init, method }), status, message);
  }
  assert.ok(await world.db.users.isEmpty());
}

test("bodies can be urlencoded, multipart or JSON, and unknown fields are ignored", async () => {
  const more = { ...bob, id: "1", is_admin: "true", constructor: "x", "email ": "eve@example.com" };
  for (const init of [
    form(more),
    multipart(Object.entries(more)),
    withJson({ ...more, roles: ["a"], deep: { email: 1 } }),
  ]) {
    await using world = await createWorld();
    assert.equal(await readStatusAndBody(world.request("/users", init)), created);
    assert.equal((await world.request("/sessions", form(bob))).status, 200);
  }
});

test("a Content-Type can be in capitals, and have a UTF-8 charset and other parameters", async () => {
  for (const type of [
    "application/json;charset=utf-8",
    'APPLICATION/JSON; Charset="UTF-8"; profile=x',
    "application/json ; charset=utf8",
    "application/json;charset=us-ascii",
  ]) {
    await using world = await createWorld();
    assert.equal(await readStatusAndBody(world.request("/users", withBody(type, JSON.stringify(bob)))), created, type);
  }
});

// id: field-given-twice
test("a field that is repeated, a list or an object is rejected on every route", async () => {
  await using world = await createWorld();
  for (const [method, path, name] of routes) {
    const once = new RegExp(`^${name} must be given once, as text$`);
    for (const init of [
      urlencoded(`${name}=a&${name}=b`),
      urlencoded(`${name}=a&${name}=a`),
      urlencoded(`${name}&${name}=a`),
      urlencoded(`${name}[]=a`),
      urlencoded(`${name}%5B%5D=a`),
      urlencoded(`${name}[0]=a&${name}[1]=b`),
      urlencoded(`${name}[$ne]=a`),
      withJson({ [name]: ["a"] }),
      withJson({ [name]: [] }),
      withJson({ [name]: {} }),
      withJson({ [name]: { $ne: "a" } }),
      withJson({ [`${name}[]`]: "a" }),
      withBody("application/json", `{"${name}":"a","${name}":"b"}`),
      withBody(
        "application/json",
        `{"${name}":"a","x":{"y":[1,"]"]},"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":"b"}`,
      ),
      multipart([
        [name, "a"],
        [name, "b"],
      ]),
      multipart([[`${name}[]`, "a"]]),
    ]) {
      await assertRejected(world.request(path, { ...init, method }), 400, once);
    }
    const file = new FormData();
    file.append(name, new Blob(["a"]), "a.txt");
    await assertRejected(world.request(path, { method, body: file }), 400, once);
  }
  assert.ok(await world.db.users.isEmpty());
});

test("a name inside an object, or in the text of another field, is not a repeated field", async () => {
  await using world = await createWorld();
  const more = { profile: { email: "a", password: ["b"] }, note: '"email":"c",', list: [{ email: "d" }] };
  assert.equal(await readStatusAndBody(world.request("/users", withJson({ ...more, ...bob }))), created);
});

test("a body with another type or charset, or a compressed one, gets 415", async () => {
  await using world = await createWorld();
  const text = new URLSearchParams(bob).toString();
  const types = [
    "text/plain",
    "application/xml",
    "application/json+x",
    "json",
    "",
    "toString",
    "__proto__",
    "image/png",
  ];
  const charsets = ["iso-8859-1", "utf-16", "utf-7", "latin1", "", "utf-8x"];
  const inits = [
    ...types.map((type) => withBody(type, text)),
    ...charsets.map((charset) => withBody(`application/x-www-form-urlencoded; charset=${charset}`, text)),
    ...charsets.map((charset) => withBody(`application/json;x=y;charset="${charset}"`, JSON.stringify(bob))),
    { method: "POST", body: Buffer.from(text) },
    ...["gzip", "br", "deflate", "identity, gzip", ""].map((encoding) => {
      return form(bob, { headers: { "Content-Encoding": encoding } });
    }),
  ];
  await assertEachRejected(world, inits, 415, /^the body must be application\/x-www-form-urlencoded, multipart/);
});

test("bytes that are not UTF-8 are rejected: raw, percent-encoded or in a part", async () => {
  await using world = await createWorld();
  const bytes = (latin1: string) => Buffer.from(latin1, "latin1");
  const inits = ["\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"].flatMap((bad) => {
    const escaped = [...bytes(bad)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const part = `--X\r\nContent-Disposition: form-data; name="password"\r\n\r\n${bad}\r\n--X--\r\n`;
    return [
      withBody("application/x-www-form-urlencoded", bytes(`email=${email}&password=${bad}`)),
      urlencoded(`email=${email}&password=${escaped}`),
      urlencoded(`email=${email}&password=p&${escaped}=x`),
      withBody("application/json", bytes(`{"email":"${email}","password":"${bad}"}`)),
      withBody("multipart/form-data; boundary=X", bytes(part)),
    ];
  });
  await assertEachRejected(world, inits, 400, /^the body is not UTF-8$/);
});

test("a part in another encoding is rejected: two different passwords could become equal", async () => {
  await using world = await createWorld();
  const type = "multipart/form-data; boundary=X";
  const disposition = 'Content-Disposition: form-data; name="password"';
  const part = (more: string, value = "w6k=", first = "") => {
    const head = `${first}${disposition}${more === "" ? "" : `\r\n${more}`}`;
    return `--X\r\nContent-Disposition: form-data; name="email"\r\n\r\n${email}\r\n--X\r\n${head}\r\n\r\n${value}\r\n--X--\r\n`;
  };
  const rejectedHeads = [
    "Content-Transfer-Encoding: base64",
    "content-transfer-encoding:BASE64",
    "CONTENT-TRANSFER-ENCODING : base64",
    "Content-Transfer-Encoding:\tbase64\t",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Transfer-Encoding: x-uuencode",
    "Content-Transfer-Encoding: base64 (comment)",
    "Content-Transfer-Encoding:",
    "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64",
    "Content-Type: text/plain; charset=iso-8859-1",
    'Content-Type: text/plain; charset="windows-1252"',
    "content-type:text/plain;Charset=UTF-16LE",
  ];
  for (const head of rejectedHeads) {
    await assertRejected(world.request("/users", withBody(type, part(head))), 400, /is not plain UTF-8$/);
    await assertRejected(
      world.request("/users", withBody(type, part("", "w6k=", `${head}\r\n`))),
      400,
      /is not plain UTF-8/,
    );
  }
  await assertRejected(world.request("/users", withBody(type, part("Content-Transfer-Encoding:\r\n base64"))), 400);
  await assertRejected(
    world.request("/users", withBody('multipart/form-data; boundary="X"', part(rejectedHeads[0] ?? ""))),
    400,
  );
  assert.ok(await world.db.users.isEmpty());
  for (const head of [
    "",
    "Content-Transfer-Encoding: 8bit",
    "content-transfer-encoding: BINARY",
    "Content-Transfer-Encoding: 7bit",
    "Content-Type: text/plain; charset=utf-8",
    'Content-Type: text/plain; charset="US-ASCII"',
    "Content-Type: text/plain",
  ]) {
    await using other = await createWorld();
    assert.equal(await readStatusAndBody(other.request("/users", withBody(type, part(head)))), created, head);
    assert.equal((await other.request("/sessions", withJson({ email, password: "w6k=" }))).status, 200, head);
  }
});

test("the encoding of a part is found with any boundary", async () => {
  const part = (boundary: string, encoding: string) => {
    const head = `Content-Disposition: form-data; name="password"\r\nContent-Transfer-Encoding: ${encoding}`;
    const first = `--${boundary}\r\nContent-Disposition: form-data; name="email"\r\n\r\n${email}\r\n`;
    const text = `${first}--${boundary}\r\n${head}\r\n\r\nw6k=\r\n--${boundary}--\r\n`;
    return withBody(`multipart/form-data; boundary=${boundary}`, text);
  };
  for (const boundary of ["Content", "Transfer", "-", "n", "Encoding", "base64", "a", "X--X"]) {
    await using world = await createWorld();
    await assertRejected(world.request("/users", part(boundary, "base64")), 400);
    assert.ok(await world.db.users.isEmpty(), boundary);
  }
  for (const boundary of ["Binary", "B", "X"]) {
    await using world = await createWorld();
    assert.equal(await readStatusAndBody(world.request("/users", part(boundary, "binary"))), created, boundary);
  }
});

test("the text of a part is not read as its headers", async () => {
  await using world = await createWorld();
  const chosen = { email, password: "a\r\nContent-Transfer-Encoding: base64\r\n\r\nb" };
  assert.equal(await readStatusAndBody(world.request("/users", multipart(Object.entries(chosen)))), created);
  assert.equal((await world.request("/sessions", withJson(chosen))).status, 200);
});

test("a form that declares another encoding is rejected", async () => {
  await using world = await createWorld();
  const wrong = (charset: string) => ({ ...bob, _charset_: charset });
  for (const charset of ["iso-8859-1", "windows-1252", "UTF-16LE", "x"]) {
    for (const init of [form(wrong(charset)), withJson(wrong(charset)), multipart(Object.entries(wrong(charset)))])
      await assertRejected(world.request("/users", init), 400, /^the body is not UTF-8$/);
  }
  assert.ok(await world.db.users.isEmpty());
  assert.equal(await readStatusAndBody(world.request("/users", form(wrong("UTF-8")))), created);
});

test("a lone surrogate in JSON is rejected", async () => {
  await using world = await createWorld();
  for (const half of ["\\ud800", "\\udc00", "a\\udfffb", "\\udc00\\ud800"]) {
    const init = withBody("application/json", `{"email":"${email}","password":"${half}"}`);
    await assertRejected(world.request("/users", init), 400, /^the body is not well-formed Unicode: password$/);
    await assertRejected(world.request("/sessions", init), 400);
  }
  assert.equal(
    await readStatusAndBody(world.request("/users", withJson({ email, password: "\\ud83d\\udc27" }))),
    created,
  );
});

// id: lone-percent-sign
test("a malformed percent sign is kept", async () => {
  await using world = await createWorld();
  assert.equal(
    await readStatusAndBody(world.request("/users", urlencoded(`email=${email}&password=100%&&=&`))),
    created,
  );
  assert.equal((await world.request("/sessions", withJson({ email, password: "100%" }))).status, 200);
  assert.equal((await world.request("/sessions", urlencoded(`email=${email}&password=100%25`))).status, 200);
});

test("malformed JSON, and JSON that is not an object, is rejected", async () => {
  await using world = await createWorld();
  const deep = (open: string, inner: string, close: string, depth: number) =>
    open.repeat(depth) + inner + close.repeat(depth);
  const texts = [
    ...["[]", '["email"]', '"email"', "null", "1", "true", JSON.stringify([bob])],
    ...[
      "{",
      "}",
      "{]",
      "{email:1}",
      "{'email':'a'}",
      '{"email":"a"',
      '{"email":"a",}',
      '{"email":NaN}',
      "{}{}",
      "{} x",
    ],
    ...["\0", " ", "undefined", '{"email":"a\nb"}', '{"email":"\\x41"}', `email=${email}`],
    "[".repeat(16_384),
    '{"a":'.repeat(3000),
    deep("[", "", "]", 8000),
  ];
  await assertEachRejected(
    world,
    texts.map((text) => withBody("application/json", text)),
    400,
    /^the body (is not well-formed JSON|must be a JSON object)$/,
  );
  const nested = withBody("application/json", `{"deep":${deep("[", "", "]", 8000)}}`);
  await assertRejected(world.request("/users", nested), 400, /^email is missing$/);
});

// id: javascript-keys
test("keys such as __proto__ are ordinary names", async () => {
  await using world = await createWorld();
  const keys = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
  for (const key of keys) {
    for (const init of [
      withBody("application/json", `{"${key}":{"email":"${email}","password":"${password}"}}`),
      urlencoded(`${key}[email]=${email}&${key}[password]=${password}&${key}.email=${email}`),
      multipart([[key, email]]),
    ]) {
      await assertRejected(world.request("/users", init), 400, /^email is missing$/);
    }
  }
  assert.equal(({} as Record<string, unknown>).email, undefined);
  const more = keys.map((key) => `"${key}":{"email":"x"}`).join();
  assert.equal(
    await readStatusAndBody(
      world.request("/users", withBody("application/json", `{${more},${JSON.stringify(bob).slice(1)}`)),
    ),
    created,
  );
});

test("malformed multipart is rejected", async () => {
  await using world = await createWorld();
  const part = `--X\r\nContent-Disposition: form-data; name="email"\r\n\r\n${email}\r\n`;
  const type = "multipart/form-data; boundary=X";
  const inits = [
    withBody("multipart/form-data", `${part}--X--\r\n`),
    withBody("multipart/form-data; boundary=", `${part}--X--\r\n`),
    withBody("multipart/form-data; boundary=Y", `${part}--X--\r\n`),
    ...[part, `${part}--X`, `${part}--X-`, part.slice(0, 30), "--X", "text", "\r\n", `${part}${part}`.slice(0, -9)].map(
      (text) => withBody(type, text),
    ),
    withBody(type, `--X\r\n\r\n${email}\r\n--X--\r\n`),
    withBody(type, `--X\r\nContent-Disposition: attachment; name="email"\r\n\r\n${email}\r\n--X--\r\n`),
    withBody(type, `${part}--X--\r\n`.replaceAll("\r\n", "\n")),
  ];
  await assertEachRejected(world, inits, 400, /^the body is not well-formed multipart\/form-data$/);
});

// id: hundred-fields
test("a body can have a hundred fields, and not more", async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => [`f${i}`, "x"] as const);
  for (const encode of [
    (fields: (readonly [string, string])[]) => form(Object.fromEntries(fields)),
    (fields: (readonly [string, string])[]) => withJson(Object.fromEntries(fields)),
    (fields: (readonly [string, string])[]) => multipart(fields),
  ]) {
    await using world = await createWorld();
    await assertRejected(
      world.request("/users", encode([...Object.entries(bob), ...many(99)])),
      400,
      /^the body has over 100 fields$/,
    );
    await register(world, { ...bob, email: "eve@example.com" });
    assert.equal(
      await readStatusAndBody(world.request("/users", encode([...Object.entries(bob), ...many(98)]))),
      created,
    );
  }
});
