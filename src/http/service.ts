import type { Auth, Caller } from "../auth/auth.ts";
import type { DevOutbox } from "../mail/mail.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";
import type { Answers, ResponseHeaders } from "./answers.ts";
import type { RequestContext } from "./caller.ts";
import type { Cookies } from "./cookies.ts";
import type { Refusal } from "./refusals.ts";

/** What a resource answers with. */
export interface Service {
  readonly auth: Auth;
  readonly settings: Settings;
  readonly answers: Answers;
  readonly cookies: Cookies;
  readonly metrics: Metrics;
  /** Who asks. */
  readonly caller: (c: RequestContext) => Caller;
  /** What an error becomes, told in the log where whoever runs the service should know. */
  readonly reportError: (error: unknown, c: RequestContext) => Refusal;
  /** Where mails wait when no server sends them. */
  readonly outbox?: DevOutbox | undefined;
}

export type Handler = (c: RequestContext) => Response | Promise<Response>;

/** A resource: its handlers by method. HEAD comes with GET. */
export type Resource = Readonly<Partial<Record<"GET" | "POST" | "PUT" | "DELETE", Handler>>>;

/** What people see. */
export interface Pages {
  /** By path. They look after their forms themselves. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** The page in place of the one that was asked for. */
  refuse(c: RequestContext, refused: Refusal, headers?: ResponseHeaders): Promise<Response>;
}
