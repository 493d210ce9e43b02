import { hostCookie } from "../../http/cookies.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import type { Settings } from "../../settings/settings.ts";

/** What waits in somebody's mailbox. */
export type MailboxCode = "confirm" | "waiting" | "waiting_again" | "reset" | "reset_again" | "move" | "undone";

/** What one page has to tell the next, in a cookie: no link can make a page say it. */
export interface Notice {
  readonly code: NoticeCode | MailboxCode | "typed";
  /** The address that it is about. */
  readonly email?: string | undefined;
  /** The account that may see it, as `accountTag` names it; undefined for anyone in this browser. */
  readonly account?: string | undefined;
}

/** No address is longer; what was typed may be. */
const maxEmailLength = 250;

/** How long a mailbox is spoken of, in seconds. */
const maxAgeSeconds = 15 * 60;

/** Reads and writes the cookie of a notice. */
export function noticeCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set, clear } = hostCookie(settings, "notice");
  return {
    name,
    clear,
    set: ({ code, email = "", account }: Notice) => {
      const named = /^[\w-]{22}$/.test(account ?? "") ? `.${account}` : "";
      return set(`${code}.${Buffer.from(email.slice(0, maxEmailLength)).toString("base64url")}${named}`, maxAgeSeconds);
    },
    read(value: string | null): Notice | null {
      const [, code, email = "", account] =
        /^([a-z_]{1,30})\.([\w-]{0,500})(?:\.([\w-]{22}))?$/.exec(value ?? "") ?? [];
      if (code === undefined) return null;
      return { code: code as Notice["code"], email: Buffer.from(email, "base64url").toString() || undefined, account };
    },
  };
}
