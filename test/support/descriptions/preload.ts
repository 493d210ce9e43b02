// Loaded by `node --import`. Compares every response that a test sees with the description of its endpoint: the responses of
// apps in this process, and those that `fetch` receives from services in other processes.
import { registerHooks } from "node:module";

const own = new URL(".", import.meta.url).href;
/** The modules of `src/` to replace, with their replacements in this folder. */
const replacements = new Map(
  ["app.ts", "bienvenue.ts"].map((name) => [new URL(`../../../src/${name}`, own).href, `${own}${name}`]),
);

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const replacement = context.parentURL?.startsWith(own) ? undefined : replacements.get(resolved.url);
    return replacement === undefined ? resolved : { ...resolved, url: replacement };
  },
});

const { fetch } = globalThis;

globalThis.fetch = async (input, init) => {
  const response = await fetch(input, init);
  // Only Bienvenue sends this header. The method of a redirected request is unknown.
  if (!response.headers.has("Referrer-Policy") || response.redirected) return response;
  const { watchAnswer } = await import("./watch.ts");
  return watchAnswer(init?.method ?? (input instanceof Request ? input.method : "GET"), response.url, response);
};
