import * as app from "../../../src/app.ts";
import { watchAnswer } from "./watch.ts";

export const { descriptions, routes } = app;

/** `createApp`, with every response compared with the description of its endpoint. `preload.ts` puts it in place. */
export const createApp: typeof app.createApp = (auth, options) => {
  const created = app.createApp(auth, options);
  const { fetch } = created;
  created.fetch = (request, ...rest) => {
    const response = fetch(request, ...rest);
    if (response instanceof Promise) return response.then((each) => watchAnswer(request.method, request.url, each));
    return watchAnswer(request.method, request.url, response);
  };
  return created;
};
