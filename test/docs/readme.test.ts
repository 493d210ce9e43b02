import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { clone } from "../support/clone.ts";
import { emptyDatabase } from "../support/databases.ts";
import { freePort } from "../support/postgres-server.ts";
import { temporaryFolder } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");
const run = promisify(execFile);
const env = { ...process.env, npm_config_prefer_offline: "true" };
const platform = process.platform === "win32" ? "win" : process.platform;
const runtime = JSON.parse(await readFile(join(root, "runtime/package.json"), "utf8"));
/** The version that a clone runs on; npm has none for Macs with Apple silicon. */
const pinned: string | undefined = runtime.optionalDependencies[`node-${platform}-${process.arch}`];

/** The fenced blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, text = ""]) =>
    text.trimEnd(),
  );
}

/** Runs a command of the README until the service that it starts is ready, hands on, and ends what it started. */
async function whileRunning(
  command: string,
  cwd: string,
  port: number,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const options = { cwd, env: { ...env, PORT: String(port) } };
  const child = spawn("bash", ["-c", command], { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
  try {
    await listening(child, () => printed);
    await use(`localhost:${port}`);
  } finally {
    try {
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

async function listening(child: ChildProcess, printed: () => string): Promise<void> {
  while (!printed().includes('"event":"listening"')) {
    if (child.exitCode !== null) assert.fail(printed());
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), once(child, "exit")]);
  }
}

test("the screenshots that are kept are those that README and docs show", async () => {
  const pages = await readFile(join(root, "docs/pages.md"), "utf8");
  const shown = [...`${readme}${pages}`.matchAll(/\((?:docs\/)?screenshots\/([^)]+\.png)\)/g)].map(([, name]) => name);
  assert.deepEqual(shown.sort(), (await readdir(join(root, "docs/screenshots"))).sort());
});

describe("on a fresh clone", () => {
  const install = "npm ci";
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  before(async () => {
    folder = await temporaryFolder();
    await clone(folder.path);
    // Without the development dependencies, which are most of the files: `npm ci` installed them before this test could run.
    await run("bash", ["-c", install], { cwd: folder.path, env: { ...env, npm_config_omit: "dev" } });
  });

  after(() => folder[Symbol.asyncDispose]());

  test("its first command starts the service on a fresh clone, and its requests are answered as printed", async () => {
    const [first = "", configured, production = "", grow] = blocks("sh");
    assert.equal(first, `${install} && npm start`);
    await whileRunning("npm start", folder.path, await freePort(), (url) => converse(url, folder.path));

    const port = await freePort();
    const other = (configured ?? "").replace("PORT=8080", `PORT=${port}`);
    assert.match(other, /SESSION_LIFETIME=7d npm start$/);
    await whileRunning(other, folder.path, port, async (url) => {
      const login = ["-s", "-i", `${url}/sessions`, "-d", "email=bob@example.com", "-d", "password=myNewPwd"];
      assert.match((await run("curl", login)).stdout, /Max-Age=604800\r/);
    });

    assert.match(production, /\nnode_modules\/\.bin\/node bin\/bienvenue\.js$/);
    await whileRunning(production, folder.path, await freePort(), async (url) => {
      const { stdout } = await run("curl", ["-s", `${url}/reset_password`, "-d", "email=nobody@example.com"]);
      assert.equal(stdout, '{"email":"nobody@example.com","message":"reset mail sent"}\n');
    });

    await using database = await emptyDatabase("postgres");
    const there = (grow ?? "").replace("postgres://bienvenue:secret@db.example.com/bienvenue", `'${database.url}'`);
    assert.match(there, /^DATABASE_URL='postgres:.* node_modules\/\.bin\/node bin\/bienvenue\.js$/);
    await whileRunning(there, folder.path, await freePort(), async (url) => {
      assert.equal((await run("curl", ["-s", `${url}/health/ready`])).stdout, '{"status":"ready"}\n');
    });
  });

  test("a clone runs on the Node that is pinned, without what development needs too", {
    skip: pinned === undefined && "npm has no Node for this platform",
  }, async () => {
    const node = join(folder.path, "node_modules/.bin/node");
    assert.equal((await run(node, ["--version"])).stdout, `v${pinned}\n`);
    await assert.rejects(access(join(folder.path, "node_modules/typescript")), { code: "ENOENT" });
    const { stdout } = await run("npm", ["start", "--silent", "--", "--version"], { cwd: folder.path });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

/** Runs each `$ curl …` of the README. The UUIDs that it shows stand for those that come. */
async function converse(url: string, cwd: string): Promise<void> {
  const requests = blocks("console").join("\n\n").split("\n\n");
  assert.equal(requests.length, 7);
  const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
  const known = new Map<string, string>();
  const translate = (text: string) => [...known].reduce((told, [shown, real]) => told.replaceAll(shown, real), text);
  for (const request of requests) {
    const [command = "", expected = ""] = request.split("\n");
    assert.match(command, /^\$ curl /);
    const { stdout } = await run("bash", ["-c", translate(command.slice(2)).replaceAll("localhost:5000", url)], {
      cwd,
    });
    const [shown, real] = [uuid.exec(expected)?.[0], uuid.exec(stdout)?.[0]];
    if (shown && real) known.set(shown, real);
    assert.equal(stdout, `${translate(expected)}\n`, command);
  }
}

test("--help, as it tells to ask for it, prints every setting", async () => {
  assert.ok(readme.includes("`npm start -- --help`"));
  const { stdout } = await run("npm", ["start", "--silent", "--", "--help"], { cwd: root });
  assert.match(stdout, /^ {2}SESSION_LIFETIME /m);
});

test("the commands for whoever changes it are those that CI runs", async () => {
  const steps = (await readFile(join(root, ".ci/run"), "utf8")).split("\n");
  const told = blocks("sh").at(-1)?.split(" && ") ?? [];
  assert.deepEqual(told, ["npm ci", "npm test"]);
  for (const command of [...told, "npm run check"]) assert.ok(steps.includes(command), command);
});

test("its links lead to what is there", async () => {
  const links = [...readme.matchAll(/\]\(([^):]+)\)/g)].map(([, path = ""]) => path);
  assert.ok(links.length >= 5);
  for (const path of links) assert.ok(await stat(join(root, path)), path);
});
