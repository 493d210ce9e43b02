import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import { changeEmail } from "./api/change-email.ts";
import { changePassword } from "./api/change-password.ts";
import { devOutbox } from "./api/dev-outbox.ts";
import { exportAccount } from "./api/export-account.ts";
import { live, ready } from "./api/health.ts";
import { metrics } from "./api/metrics.ts";
import { profile } from "./api/profile.ts";
import { register } from "./api/register.ts";
import { resetPassword } from "./api/reset-password.ts";
import { root } from "./api/root.ts";
import { confirmation, otherSessions, session, sessions } from "./api/sessions.ts";
import { undoEmailChange } from "./api/undo-email-change.ts";
import { emailVerification } from "./api/verify-email.ts";
import type { Auth } from "./auth/auth.ts";
import type { RefusalCode } from "./errors.ts";
import { createAnswers, type ResponseHeaders } from "./http/answers.ts";
import { createBusyGuard } from "./http/busy.ts";
import {
  type Bindings,
  createAddressFinder,
  createCallerFinder,
  type RequestContext,
  type Variables,
  wantsPage,
} from "./http/caller.ts";
import { createCookies } from "./http/cookies.ts";
import { cors } from "./http/cors.ts";
import type { Descriptions } from "./http/description.ts";
import { notFoundError, type Refusal, RequestError, toRefusal } from "./http/refusals.ts";
import { requestIdReader } from "./http/request-ids.ts";
import { pathPattern } from "./http/routes.ts";
import { requireSameOrigin } from "./http/same-origin.ts";
import type { Handler, Resource, Service } from "./http/service.ts";
import { singleSlashes } from "./http/slashes.ts";
import { createUnavailableLogger } from "./http/unavailable.ts";
import type { DevOutbox } from "./mail/mail.ts";
import { toLogFields } from "./observe/request-ids.ts";
import { createPages, pageDescriptions } from "./pages/pages.ts";
import type { Settings } from "./settings/settings.ts";

export interface AppOptions {
  /** Its emails are shown at `/dev/outbox`, only to this machine and never in production. */
  readonly outbox?: DevOutbox | undefined;
}

const resources: Readonly<Record<string, Resource>> = {
  "/": root,
  "/users": register,
  "/sessions": sessions,
  "/sessions/confirm": confirmation,
  "/sessions/others": otherSessions,
  "/sessions/:id{[\\w-]{43}}": session,
  "/profile": profile,
  "/profile/password": changePassword,
  "/profile/email": changeEmail,
  "/profile/export": exportAccount,
  "/reset_password": resetPassword,
  "/email_verification": emailVerification,
  "/undo_email_change": undoEmailChange,
  "/health/live": live,
  "/health/ready": ready,
  "/metrics": metrics,
};

/** Resources that exist in development only. Requests for them are not counted under their paths. */
const devResources: Readonly<Record<string, Resource>> = { "/dev/outbox": devOutbox };

/** The paths of all resources and pages. */
export const routes = [...Object.keys(resources), ...Object.keys(pageDescriptions)];

/** The descriptions of all endpoints, by path and method. */
export const descriptions: Readonly<Record<string, Descriptions>> = {
  ...Object.fromEntries(
    Object.entries({ ...resources, ...devResources }).map(([path, resource]) => [path, describe(resource)]),
  ),
  ...pageDescriptions,
};

/**
 * Creates the HTTP API and the pages as a function from Request to Response: `app.fetch`. Pass Node's request as `{ incoming }`,
 * so that the app knows the caller's address. Settings, log, metrics and tracing are those of `auth`.
 *
 * @example
 * const auth = new Auth(await openDB("sqlite:accounts.db"));
 * const response = await createApp(auth).fetch(new Request("http://localhost/profile"));
 */
export function createApp(auth: Auth, { outbox }: AppOptions = {}): Hono<{ Bindings: Bindings; Variables: Variables }> {
  const { settings, log, metrics, tracing } = auth;
  const idsOf = requestIdReader(settings, tracing);
  const addressOf = createAddressFinder(settings, log);
  const caller = createCallerFinder(settings, log, idsOf, addressOf);
  const logUnavailable = createUnavailableLogger(log);
  const reportError = (error: unknown, c: RequestContext): Refusal => {
    const refusal = toRefusal(error);
    const { code, status } = refusal;
    metrics.countError(error);
    metrics.countRefusal(code);
    if (error instanceof RequestError && isWriteToKnownPath(c, code)) auth.audit.recordRejectedRequest(code, caller(c));
    if (status < 500) return refusal;
    const fields = { ...toLogFields(idsOf(c)), path: c.req.path };
    if (code === "internal") log.error({ err: error, ...fields }, "unexpected error");
    else logUnavailable(error as Error, fields);
    return refusal;
  };
  const service: Service = {
    auth,
    settings,
    answers: createAnswers(settings),
    cookies: createCookies(settings),
    caller,
    reportError,
    outbox,
    metrics,
  };
  const pages = createPages(service);
  const unlessBusy = createBusyGuard(service, pages, addressOf);
  const app = new Hono<{ Bindings: Bindings; Variables: Variables }>();
  if (settings.CORS_ORIGINS.length > 0) app.use(cors(settings, service.answers));
  const allowed: [path: RegExp, methods: string][] = [];
  const mount = (path: string, resource: Resource) => {
    const methods: string[] = [];
    for (const [method, endpoint] of Object.entries(resource)) {
      const handler = endpoint.create(service);
      if (!handler) continue;
      const guarded = method === "GET" || endpoint.description.isPage ? handler : sameOrigin(handler, settings);
      app.on(method, path, endpoint.description.hashesPassword ? unlessBusy(path, guarded) : guarded);
      methods.push(method === "GET" ? "GET, HEAD" : method);
    }
    if (methods.length > 0) allowed.push([pathPattern(path), methods.join(", ")]);
  };
  for (const [path, resource] of Object.entries({ ...resources, ...devResources, ...pages.resources }))
    mount(path, resource);
  const refuse = (c: RequestContext, error: unknown, more: ResponseHeaders = {}) => {
    const refusal = reportError(error, c);
    const headers = refusal.status < 500 ? more : { ...more, "X-Request-Id": idsOf(c).id };
    // Writes to API paths always get JSON. An unknown path gets a page if the client accepts HTML.
    const canBePage = isRead(c) || refusal.code === "not_found" || Object.hasOwn(pages.resources, c.req.path);
    return canBePage && wantsPage(c) ? pages.refuse(c, refusal, headers) : service.answers.refuse(refusal, headers);
  };
  // Not a handler for all methods of each path: with a second matching handler, Hono responds asynchronously.
  const refuseUnmatched = (c: RequestContext) => {
    const Allow = allowed.find(([path]) => path.test(c.req.path))?.[1];
    if (Allow === undefined) return refuse(c, notFoundError());
    return refuse(c, new RequestError("method_not_allowed", `method not allowed; allowed: ${Allow}`), { Allow });
  };
  const refuseError = (error: Error, c: RequestContext) => refuse(c, error);
  // Matches the path with single slashes. Tried only if nothing else matched, so other requests do not pay for it.
  const single = new Hono<{ Bindings: Bindings; Variables: Variables }>({
    router: app.router,
    getPath: (request) => singleSlashes(getPath(request)),
  });
  single.notFound(refuseUnmatched).onError(refuseError);
  const retryWithSingleSlashes = (c: RequestContext) =>
    c.req.path.includes("//") ? single.fetch(c.req.raw, c.env) : refuseUnmatched(c);
  app.notFound(retryWithSingleSlashes).onError(refuseError);
  return app;
}

function isWriteToKnownPath(c: RequestContext, code: RefusalCode): boolean {
  return !isRead(c) && code !== "not_found" && code !== "method_not_allowed";
}

function isRead({ req: { method } }: RequestContext): boolean {
  return method === "GET" || method === "HEAD";
}

function describe(resource: Resource): Descriptions {
  return Object.fromEntries(Object.entries(resource).map(([method, { description }]) => [method, description]));
}

/** Guards a handler that pages of other sites must not call. */
function sameOrigin(handler: Handler, settings: Settings): Handler {
  return (c) => {
    requireSameOrigin(c, settings);
    return handler(c);
  };
}
