import * as app from "../../../src/app.ts";
import { watchResponse } from "./watch.ts";

export const { descriptions, routes } = app;

/** `createApp`, with every response compared with the description of its endpoint. `preload.ts` puts it in place. */
export const createApp: typeof app.createApp = (auth, options) => {
  const created = app.createApp(auth, options);
  const { fetch } = created;
  created.fetch = (request, ...rest) => watchResponse(request, fetch(request, ...rest));
  return created;
};
