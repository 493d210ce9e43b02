import type { Context } from "hono";
import type { Caller } from "../auth/auth.ts";

/** What the server knows of a request beside the Request; of a Request alone nothing is known, and nothing assumed. */
export interface Bindings {
  readonly incoming?: {
    readonly headers: { readonly cookie?: string | undefined };
    readonly socket: { readonly remoteAddress?: string | undefined };
  };
}

export type Request = Context<{ Bindings: Bindings }>;

/** Who asks. */
export function caller(c: Request): Caller {
  return { ip: c.env?.incoming?.socket.remoteAddress, userAgent: printable(c.req.header("User-Agent")) };
}

/** Headers by which a proxy says that it speaks for another machine. */
const forwarding = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];

/**
 * Whether a program on this machine asks: over loopback, not through a proxy, and by a name of this machine. The name
 * counts because a page of another site can have its own name resolve to this machine (DNS rebinding).
 */
export function isThisMachine(c: Request): boolean {
  const ip = c.env?.incoming?.socket.remoteAddress ?? "";
  if (!/^(::ffff:)?127\.|^::1$/.test(ip)) return false;
  if (forwarding.some((name) => c.req.header(name) !== undefined)) return false;
  return /^(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(:\d+)?$/i.test(c.req.header("Host") ?? "");
}

function printable(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]/g, "?").slice(0, 250);
}
