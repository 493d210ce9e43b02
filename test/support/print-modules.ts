// Loaded with `node --import`. Prints the URLs of all loaded modules to standard error when the process exits.
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
