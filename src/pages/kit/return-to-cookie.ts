import { hostCookie } from "../../http/cookies.ts";
import type { Settings } from "../../settings/settings.ts";

/** Pages that visitors open from an email or after requesting one. Emailed links contain no `return_to`. */
const pathsAfterEmail: readonly string[] = ["/mailbox", "/verify", "/reset", "/login"];

/**
 * Reads and writes the cookie that stores `return_to` until the visitor opens an emailed link. A client can write any value, so
 * `resolveReturnTo` checks it like the query parameter.
 */
export function returnToCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set, clear } = hostCookie(settings, "onward");
  return {
    name,
    clear,
    /** @param lifetime of the emailed link, in milliseconds */
    set: (returnTo: string, lifetime: number) =>
      set(Buffer.from(returnTo).toString("base64url"), Math.ceil(lifetime / 1000)),
    /** Returns undefined on a page that does not use the cookie. */
    read(value: string | null, path: string): string | undefined {
      if (value === null || !pathsAfterEmail.includes(path)) return undefined;
      return Buffer.from(value, "base64url").toString();
    },
  };
}
