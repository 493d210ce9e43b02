// Loaded by `node --import`: says on standard error, at the end, which modules the process loaded.
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";

const urls: string[] = [];
registerHooks({
  load(url, context, load) {
    urls.push(url);
    return load(url, context);
  },
});
process.on("exit", () => writeSync(2, urls.join("\n")));
