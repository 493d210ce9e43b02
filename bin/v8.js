import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// Configures V8. Must be imported first: V8 reuses cached code only under the flags with which the code was compiled.

// Keeps the young generation at its initial 2 MB, instead of letting it grow to 64 MB or more under load. A request's objects are
// garbage once it is answered, so a larger one makes nothing faster. The growth factor is the only such flag of V8 that can be set
// in a running process. An operator's own semi-space flag takes precedence.
const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
if (!options.some((option) => /semi[-_]space/.test(option))) setFlagsFromString("--semi-space-growth-factor=1");

// Uses the program's own folder: in the shared temporary folder, another user could plant compiled code.
enableCompileCache(fileURLToPath(new URL("../.cache", import.meta.url)));
