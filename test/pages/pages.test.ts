import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { languages, messages } from "../../src/languages/languages.ts";
import { test } from "../support/engines.ts";
import { createTemporaryFolder } from "../support/service.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, findForms, logInByPage, type PageResponse } from "../support/visitor.ts";
import { createWorld, form, type World } from "../support/world.ts";

const errorPaths = ["/nope", "/profile", "/users", "//evil.example/a"];

/** Opens every page and several error pages in one language. */
async function openEveryPage(world: World, lang: string): Promise<[string, PageResponse][]> {
  const seen: [string, PageResponse][] = [];
  const visitor = createVisitor(world);
  const open = async (path: string, by = visitor) => {
    const page = await by.open(`${path}${path.includes("?") ? "&" : "?"}lang=${lang}`);
    seen.push([path, page]);
    return page;
  };
  const token = await world.auth.getResetPasswordToken(bob.email);
  for (const path of [
    "/register",
    "/forgot",
    "/verify",
    "/verify?token=x",
    "/reset?token=x",
    `/reset?token=${token}`,
  ]) {
    await open(path);
  }
  const login = await open("/login");
  seen.push(["a wrong login", await visitor.submit(login, { ...bob, password: "wrong" })]);
  seen.push(["nothing typed", await visitor.submit(login, {})]);
  await visitor.submit(await open("/forgot"), { email: bob.email });
  await open("/mailbox");
  for (const path of errorPaths) await open(path);
  const member = createVisitor(world);
  await logInByPage(member, bob);
  for (const path of ["", "/password", "/email", "/devices", "/export", "/delete"])
    await open(`/account${path}`, member);
  await open("/logout", member);
  return seen;
}

// id: every-page-safe
test("every page is complete, small, in its language, and never cached, framed or scripted inline", async () => {
  await using world = await createWorld();
  await register(world);
  for (const language of languages) {
    for (const [name, { html, headers, title, status }] of await openEveryPage(world, language)) {
      const label = `${name} (${language})`;
      assert.equal(headers.get("Content-Type"), "text/html; charset=utf-8", label);
      assert.equal(headers.get("Cache-Control"), "no-store", label);
      assert.equal(headers.get("X-Content-Type-Options"), "nosniff", label);
      assert.equal(
        headers.get("Content-Security-Policy"),
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        label,
      );
      const hasSecretUrl = name.includes("token=") || errorPaths.includes(name);
      assert.equal(headers.get("Referrer-Policy"), hasSecretUrl ? "no-referrer" : "same-origin", label);
      assert.match(html, new RegExp(`^<!doctype html>\n<html lang="${language}">`), label);
      assert.match(html, /<\/html>\n$/, label);
      assert.doesNotMatch(
        html,
        /<style|<script(?! type="module" src="\/assets\/[^"]+"><\/script>)| on\w+=| style=|javascript:/i,
        label,
      );
      assert.doesNotMatch(html, /undefined|null|\[object|https?:|href="\/\//, label);
      assert.equal([...html.matchAll(/<h1>/g)].length, 1, label);
      const prefix = messages[language].pages.errorTitle("");
      assert.equal(title.startsWith(prefix.trim()), status >= 400, `${label}: ${title}`);
      for (const [, id = ""] of html.matchAll(/ (?:aria-describedby|aria-labelledby|for)="([^"]+)"/g)) {
        for (const each of id.split(" ")) assert.ok(html.includes(`id="${each}"`), `${label}: ${each}`);
      }
      const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length, label);
      for (const [, href = ""] of html.matchAll(/ (?:href|action)="(\/[^"]*)"/g)) {
        if (href.startsWith("/assets/") || href.includes("lang=")) continue;
        assert.fail(`${label} loses its language: ${href}`);
      }
      for (const { hidden } of findForms(html)) assert.match(hidden.form_token ?? "", /^[\w-]{43}$/, label);
      const weight = await measurePage(world, html);
      assert.ok(weight < 30_000, `${label}: ${weight}`);
    }
  }
});

test("pages, redirects to them and assets have HSTS and Vary like every other response", async () => {
  await using world = await createWorld({
    PUBLIC_URL: "https://auth.example.com",
    CORS_ORIGINS: "https://app.example.com",
  });
  const visitor = createVisitor(world);
  const login = await visitor.open("/login");
  const [, asset = ""] = /href="(\/assets\/[^"]+)"/.exec(login.html) ?? [];
  for (const { status, headers } of [
    login,
    await visitor.submit(login, {}),
    await visitor.open("/account"),
    await visitor.open("/nope"),
    await visitor.open(asset),
  ]) {
    assert.equal(headers.get("Strict-Transport-Security"), "max-age=31536000", String(status));
    assert.equal(headers.get("Vary"), "Origin", String(status));
  }
});

test("the largest page is under 30 KB, including its assets and the largest logo", async () => {
  await using folder = await createTemporaryFolder();
  const LOGO_FILE = join(folder.path, "logo.svg");
  await writeFile(LOGO_FILE, "<svg/>".padEnd(8 * 1024));
  await using world = await createWorld({
    LOGO_FILE,
    SERVICE_NAME: "Bibliothèques & médiathèques de Loire-Atlantique et d’Anjou",
    SUPPORT_EMAIL: "assistance@mediatheques.loire-atlantique.example.com",
    TERMS_URL: "https://mediatheques.loire-atlantique.example.com/conditions-generales",
    PRIVACY_URL: "https://mediatheques.loire-atlantique.example.com/donnees-personnelles",
  });
  const user = { ...bob, email: `${"x".repeat(64)}@${"y".repeat(63)}.${"z".repeat(63)}.example.com` };
  await register(world, user);
  const visitor = createVisitor(world);
  await logInByPage(visitor, user);
  const agent = { "User-Agent": "Mozilla/5.0 (Macintosh; rv:140.0) Gecko/20100101 Firefox/140.0" };
  for (let i = 0; i < 29; i++) {
    const ip = `2001:db8:1234:5678:9abc:def0:1234:${i + 1000}`;
    const { status } = await world.request("/sessions", { ...form(user, { headers: agent }), ip });
    assert.equal(status, 200);
  }
  for (const path of ["/account?lang=fr", "/account?lang=fr&from=10"]) {
    const { html } = await visitor.open(path);
    assert.equal([...html.matchAll(/<li class="row">/g)].length, 10);
    const weight = await measurePage(world, html);
    assert.ok(weight < 30_000, `${path}: ${weight}`);
  }
});

/** Returns the uncompressed size of a page and its assets, in bytes. */
async function measurePage(world: World, html: string): Promise<number> {
  let weight = Buffer.byteLength(html);
  const paths = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  for (const path of new Set(paths)) weight += (await (await world.request(path)).arrayBuffer()).byteLength;
  return weight;
}

test("the style sheet is under 12 KB, and assets are cached forever under the hash of their content", async () => {
  await using world = await createWorld();
  const { html } = await createVisitor(world).open("/login");
  const paths = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  const types: Record<string, string> = {
    css: "text/css; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    svg: "image/svg+xml",
  };
  assert.deepEqual(paths.map((path) => path.split(".").at(-1)).sort(), Object.keys(types).sort());
  for (const path of paths) {
    const response = await world.request(path);
    assert.equal(response.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    assert.equal(response.headers.get("Content-Type"), types[path.split(".").at(-1) ?? ""]);
    assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(
      response.headers.get("Content-Security-Policy"),
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    );
    assert.deepEqual(response.headers.getSetCookie(), []);
    const content = await response.text();
    if (path.endsWith(".css")) assert.ok(content.length < 12_000, String(content.length));
    assert.doesNotMatch(content.replaceAll("http://www.w3.org/2000/svg", ""), /https?:|@import|url\(|eval/);
  }
  for (const path of ["/assets/", "/assets/../package.json", "/assets/%2e%2e%2fpackage.json", "/assets/pages.css"]) {
    assert.equal((await world.request(path)).status, 404, path);
  }
});

test("a page of a node with another version gets this node's assets, uncached", async () => {
  await using folder = await createTemporaryFolder();
  const LOGO_FILE = join(folder.path, "logo.svg");
  await writeFile(LOGO_FILE, '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await using plain = await createWorld();
  await using branded = await createWorld({ LOGO_FILE, ACCENT_COLOR: "#7a1f5c", SERVICE_NAME: "Other" });
  const pathsOf = async (world: World) => {
    const { html } = await createVisitor(world).open("/login");
    return [...new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path))];
  };
  const exact = async (world: World, form: RegExp) => {
    const path = (await pathsOf(world)).find((each) => form.test(each)) ?? "";
    return (await world.request(path)).text();
  };
  for (const [world, image] of [
    [plain, /icon\..*svg$/],
    [branded, /logo\..*svg$/],
  ] as const) {
    for (const [path, form] of [
      ["/assets/pages.AAAAAAAAAAAAAAAA.css", /css$/],
      ["/assets/pages.-_AAAAAAAAAAAAAA.js", /js$/],
      ["/assets/icon.AAAAAAAAAAAAAAAA.svg", image],
      ["/assets/logo.AAAAAAAAAAAAAAAA.svg", image],
      ["/assets/logo.AAAAAAAAAAAAAAAA.png", image],
    ] as const) {
      const response = await world.request(path);
      assert.deepEqual([response.status, response.headers.get("Cache-Control")], [200, "no-store"], path);
      assert.equal(await response.text(), await exact(world, form), path);
    }
    for (const path of await pathsOf(world === plain ? branded : plain))
      assert.equal((await world.request(path)).status, 200, path);
    for (const name of [
      ...["pages.AAAAAAAAAAAAAAA.css", "pages.AAAAAAAAAAAAAAAAA.css", "pages.AAAAAAAAAAAAAAAA.svg"],
      ...["page.AAAAAAAAAAAAAAAA.css", "icon.AAAAAAAAAAAAAAAA.css", "constructor.AAAAAAAAAAAAAAAA.js"],
      "pages.AAAAAAAAAAAAAAAA.css.map",
    ]) {
      assert.equal((await world.request(`/assets/${name}`)).status, 404, name);
    }
  }
});

test("the query parameter lang overrides the browser's language, and links keep it", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world, { "Accept-Language": "fr-CA" });
  assert.match((await visitor.open("/login")).html, /<html lang="fr">/);
  assert.match((await visitor.open("/login?lang=en")).html, /<html lang="en">/);
  for (const lang of ["xx", "", "__proto__", "fr%22"]) {
    const { html } = await visitor.open(`/login?lang=${lang}`);
    assert.match(html, /<html lang="fr">/);
    assert.match(html, /action="\/login"/);
  }
  const page = await visitor.open("/login?lang=en&return_to=/app");
  assert.match(page.html, /<a href="\/login\?lang=fr&amp;return_to=%2Fapp" lang="fr" hreflang="fr">Français<\/a>/);
  assert.match((await visitor.submit(page, {})).html, /<html lang="en">/);
  assert.match((await visitor.open("/reset?token=a%22b")).html, /href="\/reset\?lang=en&amp;token=a%22b"/);
  assert.doesNotMatch((await visitor.open("/login?token=secret")).html, /secret/);
});

test("markup, quotes, script URLs, bidirectional marks and very long texts are shown as text or rejected", async () => {
  await using world = await createWorld({ EMAIL_FORMAT: "address", SERVICE_NAME: `O'Neill & "Sons" \u05d0` });
  const hostile = [
    `"><script>alert(1)</script>`,
    `' onfocus='alert(1)' autofocus='`,
    "javascript:alert(1)",
    "<img src=x onerror=alert(1)>@example.com",
    "\u202emoc.elpmaxe@bob\u2066",
    "&lt;b&gt;&quot;",
    "x".repeat(10_000),
    '"'.repeat(5000),
    "<".repeat(5000),
    "\0\u0001\u007f",
  ];
  const visitor = createVisitor(world);
  for (const text of hostile) {
    for (const path of ["/login", "/register", "/forgot", "/verify"]) {
      const query = new URLSearchParams({
        return_to: text.slice(0, 2000),
        token: text.slice(0, 2000),
        lang: text.slice(0, 99),
      });
      for (const page of [
        await visitor.submit(await visitor.open(path), { email: text, password: "x", new_password: "x" }),
        await visitor.submit(await visitor.open(path), { email: "x", password: text, new_password: text }),
        await visitor.submit(await visitor.open(path), { email: "x", return_to: text, token: text }),
        await visitor.open(`${path}?${query}`),
      ]) {
        assert.ok([200, 400, 401, 403, 413].includes(page.status), `${path} ${page.status}`);
        assert.doesNotMatch(page.html, /<script(?! type="module")|<img|<b>| onfocus='|href="javascript|alert\(1\)">/i);
        assert.ok(page.html.length < 12_000, `${path}: ${page.html.length}`);
        assert.match(page.html, /O&#39;Neill &amp; &quot;Sons&quot; /);
      }
    }
  }
});

test("a client of any kind gets the pages, and API paths still answer JSON", async () => {
  await using world = await createWorld();
  await register(world);
  assert.match((await world.request("/login")).headers.get("Content-Type") ?? "", /^text\/html/);
  assert.equal((await world.request("/login", { method: "HEAD" })).status, 200);
  const html = { Accept: "text/html" };
  for (const [path, init] of [
    ["/users", form(bob, { headers: html })],
    ["/sessions", form({ ...bob, password: "wrong" }, { headers: html })],
    ["/reset_password", form({}, { headers: html, method: "PUT" })],
    ["/profile", {}],
    ["/nope", {}],
  ] as const) {
    assert.equal((await world.request(path, init)).headers.get("Content-Type"), "application/json", path);
  }
  for (const init of [form(bob), form(bob, { headers: { Accept: "*/*" } })]) {
    const nothing = await world.request("/nope", init);
    assert.deepEqual([nothing.status, await nothing.text()], [404, '{"message":"not found"}\n']);
  }
});
