import { hostCookie } from "../../http/cookies.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import type { Settings } from "../../settings/settings.ts";

/** The email that the mailbox page asks the visitor to open. */
export type MailboxCode = "confirm" | "waiting" | "waiting_again" | "reset" | "reset_again" | "move" | "undone";

/** A message from one page to the next. It is stored in a cookie, so that a link cannot make a page show a message. */
export interface Notice {
  readonly code: NoticeCode | MailboxCode | "typed";
  /** The email address that the message is about. */
  readonly email?: string | undefined;
  /** Tag of the account that may see the message (`createAccountTag`). If undefined, every account in this browser may see it. */
  readonly account?: string | undefined;
}

/** In characters. Valid addresses are never longer. Longer typed addresses are truncated. */
const maxEmailLength = 250;

const maxAgeSeconds = 15 * 60;

/** Returns functions that read and write the cookie of a notice. */
export function noticeCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set, clear } = hostCookie(settings, "notice");
  return {
    name,
    clear,
    set: ({ code, email = "", account }: Notice) => {
      const suffix = /^[\w-]{22}$/.test(account ?? "") ? `.${account}` : "";
      return set(
        `${code}.${Buffer.from(email.slice(0, maxEmailLength)).toString("base64url")}${suffix}`,
        maxAgeSeconds,
      );
    },
    read(value: string | null): Notice | null {
      const [, code, email = "", account] =
        /^([a-z_]{1,30})\.([\w-]{0,500})(?:\.([\w-]{22}))?$/.exec(value ?? "") ?? [];
      if (code === undefined) return null;
      return { code: code as Notice["code"], email: Buffer.from(email, "base64url").toString() || undefined, account };
    },
  };
}
