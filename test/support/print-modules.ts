// Loaded by `node --import`: when the process ends, prints the URLs of its modules to standard error.
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
