import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

// npm 10 creates the link node_modules/.bin/node, then removes it together with the packages for other platforms, which share it. This
// restores the link before `prepare` needs it. An older Node may run npm, so the syntax must suit it.
const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
const { npm_execpath: npm } = process.env;
if (npm?.endsWith(".js") && !existsSync(`${modules}.bin/node`) && existsSync(modules)) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  if (readdirSync(modules).includes(name)) {
    const { status } = spawnSync(process.execPath, [npm, "rebuild", "--ignore-scripts", name], { stdio: "inherit" });
    process.exitCode = status ?? 1;
  }
}
