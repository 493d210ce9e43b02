import { hostCookie } from "../../http/cookies.ts";
import type { Settings } from "../../settings/settings.ts";

/** The pages that people come to out of a mail, or after one was asked for: their links hold nothing but a token. */
const pathsAfterEmail: readonly string[] = ["/mailbox", "/verify", "/reset", "/login"];

/**
 * Reads and writes the cookie of where somebody wants to go once they have followed the link of a mail. It is anybody's to
 * write: what is read is checked as `return_to` is.
 */
export function returnToCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set, clear } = hostCookie(settings, "onward");
  return {
    name,
    clear,
    /** @param lifetime that of the mailed link, in milliseconds */
    set: (returnTo: string, lifetime: number) =>
      set(Buffer.from(returnTo).toString("base64url"), Math.ceil(lifetime / 1000)),
    /** What the page of that path goes by. */
    read(value: string | null, path: string): string | undefined {
      if (value === null || !pathsAfterEmail.includes(path)) return undefined;
      return Buffer.from(value, "base64url").toString();
    },
  };
}
