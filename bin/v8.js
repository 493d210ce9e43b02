import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// Sets up V8 for the program, before anything else of it is loaded: V8 reuses compiled code only under the flags that it was
// compiled under.

// Keeps the young generation at its first size, 2 MB, instead of letting it grow to 64 MB or more under load: what a request
// allocates is garbage once it is answered, so a larger one makes nothing faster. Of V8's flags for this, only the growth factor
// can be set in a running process. An operator's own flag for semi-spaces takes precedence.
const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
if (!given.some((option) => /semi[-_]space/.test(option))) setFlagsFromString("--semi-space-growth-factor=1");

// Compiled code is kept beside the program and not in the shared temporary folder, where another user could prepare it.
enableCompileCache(fileURLToPath(new URL("../.cache", import.meta.url)));
