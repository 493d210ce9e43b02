import * as bienvenue from "../../../src/bienvenue.ts";
import { watchAnswer } from "./watch.ts";

export const { shutdownTimeout } = bienvenue;

/** `createBienvenue`, with every response compared with its description, including those before it has started. */
export const createBienvenue: typeof bienvenue.createBienvenue = (settings, options) => {
  const created = bienvenue.createBienvenue(settings, options);
  const fetch: typeof created.fetch = (request, bindings) => {
    const response = created.fetch(request, bindings);
    if (response instanceof Promise) return response.then((each) => watchAnswer(request.method, request.url, each));
    return watchAnswer(request.method, request.url, response);
  };
  return { ...created, fetch };
};
