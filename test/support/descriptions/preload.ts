// Loaded by `node --import`. Compares every response that a test sees with the description of its endpoint: the responses of
// apps in this process, and those that `fetch` receives from services in other processes.
import { registerHooks } from "node:module";

const app = new URL("../../../src/app.ts", import.meta.url).href;
const checkedApp = new URL("app.ts", import.meta.url).href;
const own = new URL(".", import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    return resolved.url === app && !context.parentURL?.startsWith(own) ? { ...resolved, url: checkedApp } : resolved;
  },
});

const { fetch } = globalThis;

globalThis.fetch = async (input, init) => {
  const response = await fetch(input, init);
  // Only our services send this header. The method of a redirected request is unknown.
  if (response.headers.get("Referrer-Policy") !== "same-origin" || response.redirected) return response;
  const { watchAnswer } = await import("./watch.ts");
  return watchAnswer(init?.method ?? (input instanceof Request ? input.method : "GET"), response.url, response);
};
