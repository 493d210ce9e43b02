import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Beside the program and not in the shared temporary folder, where another user could prepare it.
enableCompileCache(fileURLToPath(new URL("../.cache", import.meta.url)));

// The sources in a clone; what was built from them in the package, where Node does not read TypeScript.
const source = new URL("../src/cli/cli.ts", import.meta.url);
const { cli } = await import(existsSync(source) ? source.href : new URL("../dist/cli/cli.js", import.meta.url).href);
await cli(process.argv.slice(2), process.env);
