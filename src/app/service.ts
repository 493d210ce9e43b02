import type { Auth } from "../auth/auth.ts";
import type { Settings } from "../settings.ts";
import type { Answers } from "./answers.ts";
import type { Request } from "./caller.ts";

/** What a resource answers with. */
export interface Service {
  readonly auth: Auth;
  readonly settings: Settings;
  readonly answers: Answers;
}

export type Handler = (c: Request) => Response | Promise<Response>;

/** A resource: its handlers by method. HEAD comes with GET. */
export type Resource = Readonly<Partial<Record<"GET" | "POST" | "PUT" | "DELETE", Handler>>>;
