import assert from "node:assert/strict";
import { test } from "node:test";
import { startService } from "../support/service.ts";

// id: no-secrets-in-log
test("the log never contains a password, token, cookie or complete email address", async () => {
  await using service = await startService({ LOG_LEVEL: "debug" });
  let stderr = "";
  service.process.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const secrets = {
    email: "Unusual.Address+Tag@Mail.Example.COM",
    password: 'pä$$"\\wörd\t\n🐧<b>',
    new_password: "n3w'; drop table users; --",
    wrong: "wr0ng-but-nearly",
    query: "t0ken-in-a-query",
  };
  const { email, password, new_password, wrong, query } = secrets;
  const send = async (method: string, path: string, fields = {}, headers: Record<string, string> = {}) => {
    const body = method === "GET" ? null : JSON.stringify(fields);
    const init = { method, body, headers: { "Content-Type": "application/json", ...headers } };
    return fetch(`${service.url}${path}?${new URLSearchParams({ token: query, email })}`, {
      ...init,
      redirect: "manual",
    });
  };
  const login = async (fields: object) => (await send("POST", "/sessions", fields)).headers.get("Set-Cookie") ?? "";
  await send("POST", "/users", { email, password });
  await send("POST", "/users", { email, password });
  await send("POST", "/sessions", { email, password: wrong });
  const Cookie = (await login({ email, password })).split(";")[0] ?? "";
  assert.match(Cookie, /^session_id=.{36}$/);
  await send("GET", "/profile", {}, { Cookie });
  await send("GET", `/${query}`, {}, { Cookie, Authorization: `Bearer ${query}` });
  assert.equal((await send("DELETE", "/sessions", {}, { Cookie })).status, 302);
  const { reset_token } = (await (await send("POST", "/reset_password", { email })).json()) as { reset_token: string };
  await send("PUT", "/reset_password", { email, reset_token: wrong, new_password });
  assert.equal((await send("PUT", "/reset_password", { email, reset_token, new_password })).status, 200);
  await send("POST", "/users", { email: [email], password });
  await send("POST", "/users", { email, password }, { "Sec-Fetch-Site": "cross-site" });
  assert.equal(await service.stop("SIGTERM"), 0);

  const text = `${JSON.stringify(service.logEntries)}${stderr}`.toLowerCase();
  for (const event of ["user_registered", "logged_in", "login_refused", "reset_token_made", "password_reset"]) {
    assert.ok(text.includes(`"event":"${event}"`), event);
  }
  for (const secret of [...Object.values(secrets), reset_token, Cookie.slice("session_id=".length)]) {
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      assert.ok(!text.includes(spelling.toLowerCase()), spelling);
    }
  }
});
