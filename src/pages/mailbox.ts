import { html } from "hono/html";
import { formatLifetime } from "../values/durations.ts";
import { button, form, hidden, type Page } from "./kit/form.ts";
import { type Html, status } from "./kit/layout.ts";
import { unsent } from "./kit/mail-form.ts";
import type { MailboxCode } from "./kit/notice.ts";
import { goTo } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { isFor, loggedIn, type Visit } from "./kit/visit.ts";

/** What is said of each mail, and where it is asked for again; who moves asks from the account. */
const mails = {
  confirm: { text: "confirm", action: "/verify" },
  waiting: { text: "waiting", action: "/verify" },
  waiting_again: { text: "waiting", action: "/verify" },
  reset: { text: "reset", action: "/forgot" },
  reset_again: { text: "reset", action: "/forgot" },
  move: { text: "move", action: undefined },
  undone: { text: "undone", action: "/forgot" },
} as const satisfies Record<MailboxCode, object>;

/** What to do next is in a mail. */
export const mailbox: Page = {
  async show(visit) {
    const { words, notice, service, language, to, onward: return_to } = visit;
    const { RESET_TOKEN_LIFETIME, VERIFY_TOKEN_LIFETIME } = service.settings;
    if (notice?.email === undefined || !Object.hasOwn(mails, notice.code))
      return goTo(visit, to("/login", { return_to }));
    const user = await loggedIn(visit);
    // What another account asked for is not shown to this one.
    if (user && notice.account !== undefined && !isFor(visit, notice.account, user.id)) return goTo(visit, to(home));
    const code = notice.code as MailboxCode;
    const { text } = mails[code];
    const isReset = text === "reset" || text === "undone";
    const lifetime = formatLifetime(isReset ? RESET_TOKEN_LIFETIME : VERIFY_TOKEN_LIFETIME, language);
    const [way, name] = user ? [to(home), words.account.back] : [to("/login", { return_to }), words.mailbox.back];
    return {
      title: words.mailbox.title,
      told: code.endsWith("_again") ? status(words.mailbox.resent) : undefined,
      body: html`<p class="who"><bdi>${notice.email}</bdi></p>
<p>${words.mailbox[text](lifetime)}</p>
${unsent(visit)}<p class="soft small">${words.mailbox.notReceived}</p>
${again(visit, code, notice.email)}<p class="middle"><a class="link" href="${way}">${name}</a></p>
`,
    };
  },
};

function again(visit: Visit, code: MailboxCode, email: string): Html {
  const { words, to } = visit;
  const { action } = mails[code];
  if (action === undefined)
    return html`<a class="button plain" href="${to("/account/email")}">${words.mailbox.resend}</a>
`;
  const body = html`${hidden("email", email)}${hidden("again", "1")}${button(words.mailbox.resend, "plain")}`;
  return form(visit, { action, goesOn: true, body });
}
