import type { Auth, Caller } from "../auth/auth.ts";
import type { DevOutbox } from "../mail/mail.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";
import type { Answers, ResponseHeaders } from "./answers.ts";
import type { RequestContext } from "./caller.ts";
import type { Cookies } from "./cookies.ts";
import type { Description, Method } from "./description.ts";
import type { Refusal } from "./refusals.ts";

/** The dependencies of the handlers. */
export interface Service {
  readonly auth: Auth;
  readonly settings: Settings;
  readonly answers: Answers;
  readonly cookies: Cookies;
  readonly metrics: Metrics;
  readonly caller: (c: RequestContext) => Caller;
  /** Counts an error, logs it if operators must see it, and returns the refusal to send. */
  readonly reportError: (error: unknown, c: RequestContext) => Refusal;
  /** Keeps the emails in memory if SMTP_URL is none. */
  readonly outbox?: DevOutbox | undefined;
}

export type Handler = (c: RequestContext) => Response | Promise<Response>;

/** One method of a path, created by `endpoint` in `endpoint.ts`. */
export interface Endpoint {
  readonly description: Description;
  /** Returns the handler, or null if this service does not have the endpoint. */
  create(service: Service): Handler | null;
}

/** The endpoints of a path, by method. GET also handles HEAD. */
export type Resource = Readonly<Partial<Record<Method, Endpoint>>>;

/** The HTML pages. */
export interface Pages {
  /** By path. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** Returns the error page for a refusal. */
  refuse(c: RequestContext, refusal: Refusal, headers?: ResponseHeaders): Promise<Response>;
}
