import * as bienvenue from "../../../src/bienvenue.ts";
import { watchResponse } from "./watch.ts";

export const { shutdownTimeout } = bienvenue;

/** `createBienvenue`, with every response compared with its description, including those before it has started. */
export const createBienvenue: typeof bienvenue.createBienvenue = (settings, options) => {
  const created = bienvenue.createBienvenue(settings, options);
  const fetch: typeof created.fetch = (request, bindings) => watchResponse(request, created.fetch(request, bindings));
  return { ...created, fetch };
};
