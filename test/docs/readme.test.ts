import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { copyProject } from "../support/copy-project.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { findFreePort } from "../support/postgres-server.ts";
import { createTemporaryFolder } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");
const run = promisify(execFile);
const env = { ...process.env, npm_config_prefer_offline: "true" };
const platform = process.platform === "win32" ? "win" : process.platform;
const runtime = JSON.parse(await readFile(join(root, "runtime/package.json"), "utf8"));
/** The Node version that a clone runs on; npm has none for Macs with Apple silicon. */
const pinned: string | undefined = runtime.optionalDependencies[`node-${platform}-${process.arch}`];

/** Returns the fenced code blocks of a language, in order. */
function codeBlocks(language: string, page = readme): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, text = ""]) =>
    text.trimEnd(),
  );
}

/** Runs a command of the README until its service is ready, calls `use`, and kills the service. */
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
    await waitUntilListening(child, () => printed);
    await use(`localhost:${port}`);
  } finally {
    try {
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // It has already ended.
    }
  }
}

async function waitUntilListening(child: ChildProcess, printed: () => string): Promise<void> {
  while (!printed().includes('"event":"listening"')) {
    if (child.exitCode !== null) assert.fail(printed());
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), once(child, "exit")]);
  }
}

test("the repository holds exactly the screenshots that README and docs show", async () => {
  const pages = await readFile(join(root, "docs/pages.md"), "utf8");
  const linked = [...`${readme}${pages}`.matchAll(/\((?:docs\/)?screenshots\/([^)]+\.png)\)/g)].map(([, name]) => name);
  assert.deepEqual(linked.sort(), (await readdir(join(root, "docs/screenshots"))).sort());
});

describe("on a fresh clone", () => {
  const install = "npm ci";
  let folder: Awaited<ReturnType<typeof createTemporaryFolder>>;

  before(async () => {
    folder = await createTemporaryFolder();
    await copyProject(folder.path);
    // Omits development dependencies, which are most of the files. `npm ci` has installed them before: this test needs them.
    await run("bash", ["-c", install], { cwd: folder.path, env: { ...env, npm_config_omit: "dev" } });
  });

  after(() => folder[Symbol.asyncDispose]());

  test("the first command starts the service, and each request gets the printed response", async () => {
    const [first = "", configured, production = "", severalNodes] = codeBlocks("sh");
    assert.equal(first, `${install} && npm start`);
    await whileRunning("npm start", folder.path, await findFreePort(), (url) => runExampleRequests(url, folder.path));

    const port = await findFreePort();
    const other = (configured ?? "").replace("PORT=8080", `PORT=${port}`);
    assert.match(other, /SESSION_LIFETIME=7d npm start$/);
    await whileRunning(other, folder.path, port, async (url) => {
      const login = ["-s", "-i", `${url}/sessions`, "-d", "email=bob@example.com", "-d", "password=myNewPwd"];
      assert.match((await run("curl", login)).stdout, /Max-Age=604800\r/);
    });

    assert.match(production, /\nnode_modules\/\.bin\/node bin\/bienvenue\.js$/);
    await whileRunning(production, folder.path, await findFreePort(), async (url) => {
      const { stdout } = await run("curl", ["-s", `${url}/reset_password`, "-d", "email=nobody@example.com"]);
      assert.equal(stdout, '{"email":"nobody@example.com","message":"reset mail sent"}\n');
    });

    await using database = await createEmptyDatabase("postgres");
    const onTestDatabase = (severalNodes ?? "").replace(
      "postgres://bienvenue:secret@db.example.com/bienvenue",
      `'${database.url}'`,
    );
    assert.match(onTestDatabase, /^DATABASE_URL='postgres:.* node_modules\/\.bin\/node bin\/bienvenue\.js$/);
    await whileRunning(onTestDatabase, folder.path, await findFreePort(), async (url) => {
      assert.equal((await run("curl", ["-s", `${url}/health/ready`])).stdout, '{"status":"ready"}\n');
    });
  });

  test("a clone runs on the pinned Node, with or without development dependencies", {
    skip: pinned === undefined && "npm has no Node for this platform",
  }, async () => {
    const node = join(folder.path, "node_modules/.bin/node");
    assert.equal((await run(node, ["--version"])).stdout, `v${pinned}\n`);
    await assert.rejects(access(join(folder.path, "node_modules/typescript")), { code: "ENOENT" });
    const { stdout } = await run("npm", ["start", "--silent", "--", "--version"], { cwd: folder.path });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

/** Runs each `$ curl …` command of the README. A UUID in the README stands for the one in the actual response. */
async function runExampleRequests(url: string, cwd: string): Promise<void> {
  const requests = codeBlocks("console").join("\n\n").split("\n\n");
  assert.equal(requests.length, 6);
  const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
  const known = new Map<string, string>();
  const translate = (text: string) =>
    [...known].reduce((result, [printed, real]) => result.replaceAll(printed, real), text);
  for (const request of requests) {
    const [command = "", expected = ""] = request.split("\n");
    assert.match(command, /^\$ curl /);
    const { stdout } = await run("bash", ["-c", translate(command.slice(2)).replaceAll("localhost:5000", url)], {
      cwd,
    });
    const [printed, real] = [uuid.exec(expected)?.[0], uuid.exec(stdout)?.[0]];
    if (printed && real) known.set(printed, real);
    assert.equal(stdout, `${translate(expected)}\n`, command);
  }
}

test("--help, which the README mentions, prints every setting", async () => {
  assert.ok(readme.includes("`npm start -- --help`"));
  const { stdout } = await run("npm", ["start", "--silent", "--", "--help"], { cwd: root });
  assert.match(stdout, /^ {2}SESSION_LIFETIME /m);
});

test("CI runs the commands that CONTRIBUTING.md gives", async () => {
  const steps = (await readFile(join(root, ".ci/run"), "utf8")).split("\n");
  const [first = ""] = codeBlocks("sh", await readFile(join(root, "CONTRIBUTING.md"), "utf8"));
  const commands = first.split(" && ");
  assert.deepEqual(commands, ["npm ci", "npm run check", "npm test"]);
  for (const command of commands) assert.ok(steps.includes(command), command);
});

test("the links of the README lead to files that exist", async () => {
  const links = [...readme.matchAll(/\]\(([^):]+)\)/g)].map(([, path = ""]) => path);
  assert.ok(links.length >= 5);
  for (const path of links) assert.ok(await stat(join(root, path)), path);
});
