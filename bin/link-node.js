import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

// npm 10 removes node_modules/.bin/node again, together with the packages of other platforms that share the name. npm links it
// anew here, before `prepare` needs it. The syntax must suit the older Node that runs that npm.
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
