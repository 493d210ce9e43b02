import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { test as testOnce } from "node:test";
import fc from "fast-check";
import { test } from "../support/engines.ts";
import { startMailServer } from "../support/mail-server.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  formatCookieHeader,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { startService } from "../support/service.ts";
import { multipart, urlencoded, withBody, withJson } from "../support/steps.ts";
import { formHeaders, testServerSurvives } from "../support/test-server.ts";
import { form, productionEnvironment, type World } from "../support/world.ts";

// Known vulnerabilities of other projects that no other test covers. docs/security.md lists all of them.

const eve = { email: "eve@example.com", password: strongPassword };
const newPassword = "another-Good-password-7";
const noLimits = { RATE_LIMIT: "off" };

function put(world: World, path: string, fields: object, Cookie = ""): Promise<Response> {
  const { headers, ...init } = withJson(fields, "PUT");
  return world.request(path, { ...init, headers: { ...(headers as object), Cookie } });
}

async function isSessionOpen(world: World, sessionId: string | undefined): Promise<boolean> {
  const headers = { Cookie: `__Host-session_id=${sessionId}` };
  return (await world.request("/profile", { headers })).status === 200;
}

// id: reset-needs-mail
test("in production a reset needs the emailed token: no response contains it, and the stored hash does not work", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const response = await world.request("/reset_password", form({ email: owner.email }));
  const responseText = `${JSON.stringify([...response.headers])} ${await response.text()}`;
  const token = await deliverToken(world);
  assert.ok(!responseText.includes(token));
  const storedHash = createHash("sha256").update(token).digest("base64url");
  const reset = { email: owner.email, new_password: newPassword };
  for (const fields of [
    reset,
    ...["", storedHash, token.toLowerCase(), `${token} `].map((reset_token) => ({ ...reset, reset_token })),
  ]) {
    assert.equal((await put(world, "/reset_password", fields)).status, 403);
  }
  await logInForCookies(world);
  assert.equal((await put(world, "/reset_password", { ...reset, reset_token: token })).status, 200);
});

// id: links-begin-with-public-url
testOnce(
  "the links of an email begin with PUBLIC_URL, whatever the headers and the target of the request contain",
  async () => {
    await using mails = await startMailServer();
    await using service = await startService({
      ...(productionEnvironment as Record<string, string>),
      SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
      TRUSTED_PROXIES: "127.0.0.1",
      LIMIT_MAIL_ACCOUNT: "100/1h",
    });
    const evil = "evil.example";
    const forged: Record<string, string>[] = [
      { Host: evil },
      { "X-Forwarded-Host": evil, "X-Forwarded-Proto": "http", "X-Forwarded-For": evil },
      { Forwarded: `host=${evil}`, "X-Host": evil, "X-Original-URL": `https://${evil}/`, Referer: `https://${evil}/` },
    ];
    const post = async (target: string, headers: Record<string, string>, fields: Record<string, string>) => {
      using connection = await openRawConnection(service.port);
      connection.send(
        formatRequest(`POST ${target}`, { ...formHeaders, ...headers }, new URLSearchParams(fields).toString()),
      );
      assert.equal((await connection.readResponse()).status, 200);
    };
    for (const [i, headers] of forged.entries()) {
      const email = `${i}@example.com`;
      await post("/users", headers, { ...owner, email });
      await post(`http://${evil}/reset_password`, { ...headers, Host: evil }, { email });
    }
    const countSentMails = () => service.logEntries.filter(({ event }) => event === "mail_sent").length;
    while (countSentMails() < 2 * forged.length) await once(service.process.stdout as NodeJS.ReadableStream, "data");
    for (const { mime } of mails.mails) {
      assert.doesNotMatch(`${mime.text}${mime.html}${JSON.stringify(mime.headers)}`, /evil/);
      assert.match(mime.text ?? "", /https:\/\/auth\.example\.com\/(verify|reset)\?token=/);
    }
  },
);

// id: nobodys-address
test("no route sends an email for a list of addresses, a look-alike address or an address with a line break", async () => {
  await using world = await createProductionWorld(noLimits);
  await registerAndVerify(world);
  await registerAndVerify(world, eve);
  const Cookie = await logInForCookies(world, eve);
  await deliverMails(world);
  const { email } = owner;
  const texts = [
    `${email},${eve.email}`,
    `${email}, ${eve.email}`,
    `${email};${eve.email}`,
    `${email} ${eve.email}`,
    `${email}\r\nBcc: ${eve.email}`,
    `${email}\0`,
    `Bob <${email}>`,
    `<${email}>`,
    `"${email}"@example.com`,
    `${email}@example.com`,
    "bob@exam\u200bple.com",
    "b\u00f6b@example.com",
    "\uff42ob@example.com",
    "bob@ex\u0430mple.com",
    "bob@example\u3002com",
  ];
  const duplicateFields: readonly (readonly [string, string])[] = [
    ["email", email],
    ["email", eve.email],
  ];
  const rest = `password=${strongPassword}`;
  const inits = [
    ...texts.flatMap((text) => [
      form({ email: text, password: newPassword }),
      withJson({ email: text, password: newPassword }),
    ]),
    urlencoded(`email[]=${email}&${rest}`),
    urlencoded(`email[]=${email}&email[]=${eve.email}&${rest}`),
    urlencoded(`email=${email}&email[]=${eve.email}&${rest}`),
    urlencoded(`email[0]=${email}&email[1]=${eve.email}&${rest}`),
    urlencoded(`email=${email}&email=${eve.email}&${rest}`),
    urlencoded(`email=${email}&em%61il=${eve.email}&${rest}`),
    multipart([...duplicateFields, ["password", strongPassword]]),
    withJson({ email: [email, eve.email], password: strongPassword }),
    withJson({ email: { 0: email }, password: strongPassword }),
    withBody("application/json", `{"email":"${email}","email":"${eve.email}","password":"${strongPassword}"}`),
  ];
  for (const init of inits) {
    for (const [path, method] of [
      ["/users", "POST"],
      ["/email_verification", "POST"],
      ["/reset_password", "POST"],
      ["/profile/email", "PUT"],
    ] as const) {
      const response = await world.request(path, { ...init, method, headers: { ...init.headers, Cookie } as never });
      assert.ok([400, 403].includes(response.status), `${method} ${path} ${init.body}: ${response.status}`);
    }
  }
  assert.deepEqual(await deliverMails(world), []);
});

// id: no-token-crosses
test("no token works for another purpose, and no stored hash of a token works at all", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "1000/15m" });
  await registerAndVerify(world);
  await registerAndVerify(world, eve);
  const cookies = await logInForCookies(world);
  const eveCookies = await logInForCookies(world, eve);
  const [session = "", device = ""] = cookies.split("; ").map((cookie) => cookie.slice(cookie.indexOf("=") + 1));
  const { sessions } = (await (await world.request("/sessions", { headers: { Cookie: cookies } })).json()) as {
    sessions: { id: string }[];
  };
  await world.request("/users", form({ ...owner, email: "carol@example.com" }));
  const verify = await deliverToken(world);
  await put(world, "/profile/email", { email: "bob@new.example.com" }, cookies);
  const emailChange = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = await deliverToken(world);

  const emails = [owner.email, eve.email, "carol@example.com", "bob@new.example.com"];
  const putForEachEmail = (path: string, fields: object) =>
    emails.map((email) => put(world, path, { email, ...fields }));
  const uses: Record<string, (token: string) => Promise<Response>[]> = {
    session: (token) => [world.request("/profile", { headers: { Cookie: `__Host-session_id=${token}` } })],
    handle: (token) => [world.request(`/sessions/${token}`, { method: "DELETE", headers: { Cookie: eveCookies } })],
    reset: (token) => putForEachEmail("/reset_password", { reset_token: token, new_password: newPassword }),
    verify: (token) => putForEachEmail("/email_verification", { token, password: strongPassword }),
  };
  const tokens = { session, device, handle: sessions[0]?.id ?? "", verify, emailChange, reset };
  for (const [purpose, token] of Object.entries(tokens)) {
    assert.match(token, /^[\w-]{43}$/, purpose);
    const storedHash = createHash("sha256").update(token).digest("base64url");
    for (const [use, send] of Object.entries(uses)) {
      const isOwnUse = use === purpose || (use === "verify" && purpose === "emailChange");
      for (const value of isOwnUse ? [storedHash] : [token, storedHash]) {
        for (const response of await Promise.all(send(value))) {
          assert.ok([403, 404].includes(response.status), `${purpose} as ${use}: ${response.status}`);
        }
      }
    }
  }
  assert.ok(await isSessionOpen(world, session));
  assert.deepEqual(await world.auth.verifyEmail.find(emailChange), {
    email: "bob@new.example.com",
    isEmailChange: true,
  });
  assert.equal((await verifyEmail(world, { ...owner, email: "carol@example.com", token: verify })).status, 200);
  const fields = { email: owner.email, reset_token: reset, new_password: newPassword };
  assert.equal((await put(world, "/reset_password", fields)).status, 200);
});

// id: no-token-redeems-nothing
test("a value that is not a token redeems nothing and opens no session", async () => {
  await using world = await createProductionWorld(noLimits);
  await registerAndVerify(world);
  await world.request("/users", form({ ...owner, email: "carol@example.com" }));
  const invalidTokens = [
    null,
    0,
    1,
    true,
    false,
    "",
    " ",
    "0",
    "null",
    "undefined",
    "NULL",
    "[object Object]",
    {},
    [],
    [""],
    [null],
  ];
  for (const email of [owner.email, "carol@example.com"]) {
    for (const token of [undefined, ...invalidTokens]) {
      const message = JSON.stringify(token);
      const reset = await put(world, "/reset_password", { email, reset_token: token, new_password: newPassword });
      assert.ok([400, 403].includes(reset.status), message);
      const verified = await put(world, "/email_verification", { email, token, password: strongPassword });
      assert.ok([400, 403].includes(verified.status), message);
      if (typeof token === "string") assert.ok(!(await isSessionOpen(world, token)));
    }
  }
  await logInForCookies(world);
  assert.equal((await world.request("/sessions", form({ ...owner, email: "carol@example.com" }))).status, 401);
});

// id: no-session-outlives
test("a password reset or change, and the disabling or deletion of the account, end all its sessions", async () => {
  const ends: Record<string, (world: World, id: number, cookies: string) => Promise<unknown>> = {
    async reset(world) {
      await world.request("/reset_password", form({ email: owner.email }));
      await put(world, "/reset_password", {
        email: owner.email,
        reset_token: await deliverToken(world),
        new_password: newPassword,
      });
    },
    async changed(world, _, cookies) {
      await put(world, "/profile/password", { password: strongPassword, new_password: newPassword }, cookies);
      // The previous id of the renewed session works for ten seconds. All other sessions end immediately.
      world.clock.advance(10_000);
    },
    disabled: (world, id) => world.auth.admin.disableAccount(id),
    "disabled and enabled": async (world, id) => {
      await world.auth.admin.disableAccount(id);
      await world.auth.admin.enableAccount(id);
    },
    "deleted by an operator": (world, id) => world.auth.admin.deleteAccount(id),
    deleted: (world, _, cookies) =>
      world.request("/profile", form({ password: strongPassword }, { method: "DELETE", headers: { Cookie: cookies } })),
  };
  for (const [event, end] of Object.entries(ends)) {
    await using world = await createProductionWorld();
    await registerAndVerify(world);
    await registerAndVerify(world, eve);
    const eveCookies = await logInForCookies(world, eve);
    const sessions = [await logInForCookies(world), await logInForCookies(world)];
    await deliverMails(world);
    const isOpen = (cookies: string) => isSessionOpen(world, /session_id=([^;]+)/.exec(cookies)?.[1]);
    for (const cookies of sessions) assert.ok(await isOpen(cookies));
    await end(world, (await world.auth.admin.findAccount(owner.email))?.id ?? 0, sessions[0] as string);
    for (const cookies of sessions) assert.ok(!(await isOpen(cookies)), event);
    assert.ok(await isOpen(eveCookies), event);
  }
});

// id: unasked-fields
test("unknown fields of a body set nothing and change no other account", async () => {
  await using world = await createProductionWorld(noLimits);
  await registerAndVerify(world, eve);
  const eveUser = await world.db.findUserBy({ email: eve.email });
  const ids = {
    id: eveUser.id,
    user_id: eveUser.id,
    userId: eveUser.id,
    user: eve.email,
    "user[id]": "1",
    sub: eveUser.id,
  };
  const state = {
    disabled_at: 1,
    disabledAt: 1,
    email_verified_at: 1,
    emailVerifiedAt: 1,
    verified: true,
    created_at: 1,
  };
  const secrets = {
    hashed_password: "!",
    hashedPassword: "!",
    session_id: "planted",
    sessionId: "planted",
    role: "admin",
  };
  const unknownFields = { ...ids, ...state, ...secrets, constructor: "x", prototype: "x", ["__proto__"]: "x" };
  const send = (method: string, path: string, fields: object, Cookie = "") =>
    world.request(path, {
      ...withBody("application/json", JSON.stringify({ ...unknownFields, ...fields }), method),
      headers: { "Content-Type": "application/json", Cookie },
    });
  const succeed = async (responsePromise: Promise<Response>) => {
    const response = await responsePromise;
    assert.equal(response.status, 200, await response.clone().text());
    return formatCookieHeader(readCookies(response));
  };
  await succeed(send("POST", "/users", owner));
  assert.equal((await send("POST", "/sessions", owner)).status, 401, "a field cannot verify the account");
  await succeed(send("PUT", "/email_verification", { ...owner, token: await deliverToken(world) }));
  const before = await world.db.findUserBy({ email: owner.email });
  const unchanged = {
    id: before.id,
    disabledAt: null,
    createdAt: before.createdAt,
    emailVerifiedAt: world.clock.now(),
  };
  assert.notEqual(before.id, eveUser.id);
  let cookies = await succeed(send("POST", "/sessions", owner));
  cookies = await succeed(send("POST", "/sessions/confirm", { password: strongPassword }, cookies));
  cookies = await succeed(
    send("PUT", "/profile/password", { password: strongPassword, new_password: newPassword }, cookies),
  );
  await succeed(send("PUT", "/profile/email", { email: "bob@new.example.com" }, cookies));
  await deliverMails(world);
  await succeed(send("POST", "/reset_password", { email: owner.email }));
  const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: strongPassword };
  await succeed(send("PUT", "/reset_password", reset));
  await logInForCookies(world);
  const { id, disabledAt, createdAt, emailVerifiedAt } = await world.db.findUserBy({ email: owner.email });
  assert.deepEqual({ id, disabledAt, createdAt, emailVerifiedAt }, unchanged);
  assert.deepEqual(await world.db.findUserBy({ email: eve.email }), eveUser);
  assert.ok(!(await isSessionOpen(world, "planted")));
});

// id: leads-nowhere-else
test("a logout redirects to / whatever the request contains, and no other API response redirects", async () => {
  await using world = await createProductionWorld(noLimits);
  await registerAndVerify(world);
  const targets = [
    "//evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https://auth.example.com@evil.example",
    "javascript:alert(1)",
  ];
  for (const target of targets) {
    const query = ["next", "return_to", "redirect", "url"]
      .map((name) => `${name}=${encodeURIComponent(target)}`)
      .join("&");
    const headers = {
      Cookie: await logInForCookies(world),
      Host: "evil.example",
      Referer: "https://evil.example/",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Prefix": target,
    };
    const logout = await world.request(`/sessions?${query}`, form({ next: target }, { method: "DELETE", headers }));
    assert.deepEqual([logout.status, logout.headers.get("Location")], [302, "/"]);
    for (const path of ["/", "/profile", `/${target}`, `/sessions/${target}`, "/sessions/", "/users"]) {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) {
        const response = await world.request(`${path}?${query}`, { method, headers });
        assert.ok(![301, 302, 303, 307, 308].includes(response.status), path);
        for (const name of ["Location", "Refresh", "Content-Location"]) assert.equal(response.headers.get(name), null);
      }
    }
  }
});

/** Header values that programs send, and values that break parsers. */
const headerValues = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(..."ab01;,=\"'\\ /%*()<>[]{}:@-_.~\t\xa0\xe9\xff"), maxLength: 120 }),
  fc.constantFrom(
    "__Host-session_id",
    "__Host-session_id=%",
    '__Host-session_id="',
    "__Host-session_id=;=;;",
    `__Host-session_id=${"x".repeat(5000)}`,
    "Basic Og==",
    "Basic %",
    "Bearer",
    "Digest username=",
    "fr;q=",
    "*;q=1.0000, fr;q=-1",
    "en-".repeat(200),
    "multipart/form-data",
    'multipart/form-data; boundary=""',
    'application/json; charset="',
    "constructor/__proto__",
    ",,,:::,[::1%eth0],999.1.1.1",
    "00-00000000000000000000000000000000-0000000000000000-00",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    `00-${"a".repeat(400)}`,
    "-1",
    "NaN",
  ),
);
const headerNames = [
  "Cookie",
  "Authorization",
  "Accept",
  "Accept-Language",
  "Content-Type",
  "Content-Encoding",
  "X-Forwarded-For",
  "X-Request-Id",
  "traceparent",
  "tracestate",
  "Origin",
  "Sec-Fetch-Site",
  "Referer",
  "User-Agent",
  "Host",
  "Range",
  "If-None-Match",
] as const;
const cookies = fc
  .tuple(fc.constantFrom("__Host-session_id=", "session_id=", "__Host-device_id=", ""), headerValues)
  .map(([name, value]) => name + value);
const forwardedFor = fc
  .array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom(..."[]:.%0af9 "), maxLength: 12 })))
  .map((all) => all.join());
const specialHeaders = { Cookie: cookies, "X-Forwarded-For": fc.oneof(forwardedFor, headerValues) };
const arbitraryHeaders = fc.record(
  { ...Object.fromEntries(headerNames.map((name) => [name, headerValues])), ...specialHeaders } as Record<
    string,
    fc.Arbitrary<string>
  >,
  { requiredKeys: [] },
);
const routes = fc.constantFrom(
  "GET /",
  "GET /profile",
  "GET /sessions",
  "GET /profile/export",
  "GET /health/ready",
  "GET /metrics",
  "OPTIONS /users",
  "POST /users",
  "POST /sessions",
  "DELETE /sessions",
  "POST /sessions/confirm",
  "PUT /profile/password",
  "POST /reset_password",
  "PUT /reset_password",
  "POST /email_verification",
  "PUT /email_verification",
);

// id: no-header-fails
test("no header value causes a 5xx response", async () => {
  await using world = await createProductionWorld({
    ...noLimits,
    TRUSTED_PROXIES: "127.0.0.1",
    CORS_ORIGINS: "https://app.example.com",
  });
  await registerAndVerify(world);
  const content = new URLSearchParams({ ...owner, token: "x", reset_token: "x", new_password: newPassword }).toString();
  await fc.assert(
    fc.asyncProperty(routes, arbitraryHeaders, async (route, extraHeaders) => {
      const [method = "", path = ""] = route.split(" ");
      const headers = new Headers({ "Content-Type": "application/x-www-form-urlencoded", ...extraHeaders });
      const response = await world.request(path, { method, headers, ...(method !== "GET" && { body: content }) });
      assert.ok(response.status < 500, `${response.status}`);
    }),
    { numRuns: 600 },
  );
  assert.deepEqual(
    world.logEntries.filter(({ level }) => level === "error"),
    [],
  );
});

// id: any-header-bytes
testServerSurvives("no header bytes sent over a socket cause a 5xx response", async ({ open }) => {
  const byte = fc.oneof(
    { weight: 99, arbitrary: fc.integer({ min: 0x20, max: 0xff }) },
    fc.integer({ max: 0x1f, min: 0 }),
  );
  const bytes = fc
    .tuple(fc.constantFrom("session_id=", ""), fc.array(byte, { maxLength: 60 }))
    .map(([name, each]) => name + Buffer.from(each).toString("latin1"));
  await fc.assert(
    fc.asyncProperty(
      routes,
      fc.constantFrom(...headerNames, "Cookie", "Content-Length", "Transfer-Encoding"),
      bytes,
      async (route, name, value) => {
        using connection = await open();
        connection.send(formatRequest(route, { [name]: value, Connection: "close" }));
        connection.socket.end();
        const { status } = await connection.readResponse();
        assert.ok(status >= 200 && status < 500, `${status}`);
      },
    ),
    { numRuns: 500 },
  );
});

// id: one-line-one-event
testOnce("a request with line breaks and JSON cannot forge a log line", async () => {
  await using service = await startService({ LOG_LEVEL: "debug", TRUSTED_PROXIES: "127.0.0.1" });
  let printed = "";
  service.process.stdout?.on("data", (chunk) => {
    printed += chunk;
  });
  const line = '{"level":"info","time":"2030-01-01T00:00:00.000Z","event":"forged","msg":"forged"}';
  const forgeries = [`\r\n${line}\r\n`, `\n${line}\n`, `\u2028${line}\u0085`, `"}\n${line}`, `\x1b[2K\x1b[1A${line}\0`];
  for (const text of forgeries) {
    const fields = { email: `bob${text}@example.com`, password: text, reset_token: text, new_password: text };
    const ascii = text.replace(/[^\x20-\x7e]/g, " ");
    const headers = { "User-Agent": ascii, "X-Forwarded-For": ascii, "Accept-Language": ascii };
    for (const [method, path] of [
      ["POST", "/users"],
      ["POST", "/sessions"],
      ["POST", "/reset_password"],
      ["PUT", "/reset_password"],
      ["PUT", `/${encodeURIComponent(text)}`],
    ] as const) {
      await fetch(`${service.url}${path}?${encodeURIComponent(text)}`, form(fields, { method, headers }));
    }
    using connection = await openRawConnection(service.port);
    connection.send(`GET /${text} HTTP/1.1\r\nHost: x\r\nUser-Agent: ${text}\r\n\r\n`);
    await connection.readResponse();
  }
  assert.equal(await service.stop("SIGTERM"), 0);
  assert.match(printed, /"event":"login_refused"/);
  assert.doesNotMatch(printed.replaceAll("\n", ""), /\p{C}|\u2028/u);
  for (const printedLine of printed.trimEnd().split("\n")) {
    const { time, event, msg } = JSON.parse(printedLine);
    assert.ok(event !== "forged" && msg !== "forged");
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});
