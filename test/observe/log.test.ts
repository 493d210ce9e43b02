import assert from "node:assert/strict";
import { test } from "node:test";
import { startService } from "../support/service.ts";

// id: no-secrets-in-log
test("the log never holds a password, a token, a cookie or a whole address", async () => {
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
  const to = async (method: string, path: string, fields = {}, headers: Record<string, string> = {}) => {
    const body = method === "GET" ? null : JSON.stringify(fields);
    const init = { method, body, headers: { "Content-Type": "application/json", ...headers } };
    return fetch(`${service.url}${path}?${new URLSearchParams({ token: query, email })}`, {
      ...init,
      redirect: "manual",
    });
  };
  const login = async (fields: object) => (await to("POST", "/sessions", fields)).headers.get("Set-Cookie") ?? "";
  await to("POST", "/users", { email, password });
  await to("POST", "/users", { email, password });
  await to("POST", "/sessions", { email, password: wrong });
  const Cookie = (await login({ email, password })).split(";")[0] ?? "";
  assert.match(Cookie, /^session_id=.{36}$/);
  await to("GET", "/profile", {}, { Cookie });
  await to("GET", `/${query}`, {}, { Cookie, Authorization: `Bearer ${query}` });
  assert.equal((await to("DELETE", "/sessions", {}, { Cookie })).status, 302);
  const { reset_token } = (await (await to("POST", "/reset_password", { email })).json()) as { reset_token: string };
  await to("PUT", "/reset_password", { email, reset_token: wrong, new_password });
  assert.equal((await to("PUT", "/reset_password", { email, reset_token, new_password })).status, 200);
  await to("POST", "/users", { email: [email], password });
  await to("POST", "/users", { email, password }, { "Sec-Fetch-Site": "cross-site" });
  assert.equal(await service.end("SIGTERM"), 0);

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
