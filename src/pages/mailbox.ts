import { html } from "hono/html";
import { formatLifetime } from "../values/durations.ts";
import { button, form, hiddenField, type Page } from "./kit/form.ts";
import { type Html, statusMessage } from "./kit/layout.ts";
import { devOutboxHint } from "./kit/mail-form.ts";
import type { MailboxCode } from "./kit/notice.ts";
import { redirect } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { findLoggedInUser, isSameAccount, type Visit } from "./kit/visit.ts";

/** The text for each email, and the form action that sends it again. For an email change, the page links to its form instead. */
const mails = {
  confirm: { text: "confirm", action: "/verify" },
  waiting: { text: "waiting", action: "/verify" },
  waiting_again: { text: "waiting", action: "/verify" },
  reset: { text: "reset", action: "/forgot" },
  reset_again: { text: "reset", action: "/forgot" },
  move: { text: "emailChange", action: undefined },
  undone: { text: "undone", action: "/forgot" },
} as const satisfies Record<MailboxCode, object>;

/** The page that says which email to open next. */
export const mailbox: Page = {
  async show(visit) {
    const { texts, notice, service, language, urlFor, returnTo: return_to } = visit;
    const { RESET_TOKEN_LIFETIME, VERIFY_TOKEN_LIFETIME } = service.settings;
    if (notice?.email === undefined || !Object.hasOwn(mails, notice.code))
      return redirect(visit, urlFor("/login", { return_to }));
    const user = await findLoggedInUser(visit);
    // Another account requested the email and has since logged out.
    if (user && notice.account !== undefined && !isSameAccount(visit, notice.account, user.id))
      return redirect(visit, urlFor(home));
    const code = notice.code as MailboxCode;
    const { text } = mails[code];
    const isReset = text === "reset" || text === "undone";
    const lifetime = formatLifetime(isReset ? RESET_TOKEN_LIFETIME : VERIFY_TOKEN_LIFETIME, language);
    const [href, name] = user
      ? [urlFor(home), texts.account.back]
      : [urlFor("/login", { return_to }), texts.mailbox.back];
    return {
      title: texts.mailbox.title,
      message: code.endsWith("_again") ? statusMessage(texts.mailbox.resent) : undefined,
      body: html`<p class="who"><bdi>${notice.email}</bdi></p>
<p>${texts.mailbox[text](lifetime)}</p>
${devOutboxHint(visit)}<p class="soft small">${texts.mailbox.notReceived}</p>
${resendForm(visit, code, notice.email)}<p class="middle"><a class="link" href="${href}">${name}</a></p>
`,
    };
  },
};

function resendForm(visit: Visit, code: MailboxCode, email: string): Html {
  const { texts, urlFor } = visit;
  const { action } = mails[code];
  if (action === undefined)
    return html`<a class="button plain" href="${urlFor("/account/email")}">${texts.mailbox.resend}</a>
`;
  const body = html`${hiddenField("email", email)}${hiddenField("again", "1")}${button(texts.mailbox.resend, "plain")}`;
  return form(visit, { action, hasReturnTo: true, body });
}
