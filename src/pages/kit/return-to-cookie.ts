import { hostCookie } from "../../http/cookies.ts";
import type { Settings } from "../../settings/settings.ts";

/** Pages that visitors open from an email or after requesting an email. Emailed links contain no `return_to`. */
const pathsAfterEmail: readonly string[] = ["/mailbox", "/verify", "/reset", "/login"];

/**
 * Returns functions that read and write the cookie that stores `return_to` until the visitor opens an emailed link. A client can
 * send any value, so `resolveReturnTo` checks the value, as it checks the query parameter.
 */
export function returnToCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set, clear } = hostCookie(settings, "onward");
  return {
    name,
    clear,
    /** @param lifetime the lifetime of the emailed link, in milliseconds */
    set: (returnTo: string, lifetime: number) =>
      set(Buffer.from(returnTo).toString("base64url"), Math.ceil(lifetime / 1000)),
    /** Returns undefined if there is no cookie or the page does not use it. */
    read(value: string | null, path: string): string | undefined {
      if (value === null || !pathsAfterEmail.includes(path)) return undefined;
      return Buffer.from(value, "base64url").toString();
    },
  };
}
