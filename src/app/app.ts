import { type Context, Hono } from "hono";
import type { Auth } from "../auth/auth.ts";
import { type Log, silent } from "../log.ts";
import { readSettings, type Settings } from "../settings.ts";
import { answers } from "./answers.ts";
import type { Bindings } from "./caller.ts";
import { live, ready } from "./health.ts";
import { profile } from "./profile.ts";
import { RequestError, refusal } from "./refusals.ts";
import { resetPassword } from "./reset-password.ts";
import { root } from "./root.ts";
import { requireSameOrigin } from "./same-origin.ts";
import type { Handler, Resource, Service } from "./service.ts";
import { sessions } from "./sessions.ts";
import { users } from "./users.ts";

export interface AppOptions {
  /** The policies; `readSettings` has the defaults. */
  readonly settings?: Settings;
  /** Where errors that nobody foresaw are told; nowhere by default. */
  readonly log?: Log;
}

/** Every path, and the resource that answers there. */
const resources: Readonly<Record<string, (service: Service) => Resource>> = {
  "/": root,
  "/users": users,
  "/sessions": sessions,
  "/profile": profile,
  "/reset_password": resetPassword,
  "/health/live": live,
  "/health/ready": ready,
};

/**
 * The HTTP API as a function from Request to Response: `app.fetch`. Mount it in any server that speaks them; given
 * Node's own request as `{ incoming }` it knows who calls.
 *
 * @example
 * const auth = new Auth(await openDB("sqlite:accounts.db"));
 * const response = await createApp(auth).fetch(new Request("http://localhost/profile"));
 */
export function createApp(
  auth: Auth,
  { settings = readSettings(), log = silent }: AppOptions = {},
): Hono<{ Bindings: Bindings }> {
  const service: Service = { auth, settings, answers: answers(settings) };
  const app = new Hono<{ Bindings: Bindings }>();
  const allowed = new Map<string, string>();
  for (const [path, resource] of Object.entries(resources)) {
    const handlers = Object.entries(resource(service));
    for (const [method, handler] of handlers) app.on(method, path, guarded(method, handler, settings));
    allowed.set(path, handlers.map(([method]) => (method === "GET" ? "GET, HEAD" : method)).join(", "));
  }
  // Not a handler for all methods of each path: a second one that matches would make Hono answer in a later turn.
  app.notFound((c) => {
    const Allow = allowed.get(c.req.path);
    if (Allow === undefined) return service.answers.refuse(refusal(new RequestError("not_found", "nothing is here")));
    const refused = refusal(new RequestError("method_not_allowed", `only ${Allow} can be used here`));
    return service.answers.refuse(refused, { Allow });
  });
  app.onError((error: Error, c: Context) => {
    const refused = refusal(error);
    if (refused.status >= 500 && refused.retryAfter === undefined)
      log.error({ err: error, path: c.req.path }, "unforeseen error");
    else if (refused.status === 503)
      log.warn({ event: "unavailable", reason: error.message, path: c.req.path }, "unavailable");
    return service.answers.refuse(refused);
  });
  return app;
}

function guarded(method: string, handler: Handler, settings: Settings): Handler {
  if (method === "GET") return handler;
  return (c) => {
    requireSameOrigin(c, settings);
    return handler(c);
  };
}
