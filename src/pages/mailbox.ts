import { html } from "hono/html";
import { isThisMachine } from "../app/caller.ts";
import { button, form, hidden, type Page } from "./form.ts";
import type { Html } from "./layout.ts";
import type { MailboxCode } from "./notice.ts";
import { duration } from "./problem.ts";
import { goTo, type Visit } from "./visit.ts";

/** Where a mail is asked for again; who moves asks from the account. */
const again: Readonly<Record<MailboxCode, string | undefined>> = {
  confirm: "/verify",
  reset: "/forgot",
  move: undefined,
};

/** What to do next is in a mail. */
export const mailbox: Page = {
  show(visit) {
    const { words, notice, service, language, to, onward: return_to } = visit;
    const { RESET_TOKEN_LIFETIME, VERIFY_TOKEN_LIFETIME } = service.settings;
    if (notice?.email === undefined || !Object.hasOwn(again, notice.code))
      return goTo(visit, to("/login", { return_to }));
    const code = notice.code as MailboxCode;
    const lifetime = duration(code === "reset" ? RESET_TOKEN_LIFETIME : VERIFY_TOKEN_LIFETIME, language);
    const action = again[code];
    const toSendAgain =
      action !== undefined &&
      form(visit, {
        action,
        goesOn: true,
        body: html`${hidden("email", notice.email)}${button(words.mailbox.again, "plain")}`,
      });
    const [way, name] = code === "move" ? ["/account", words.account.back] : ["/login", words.mailbox.back];
    return {
      title: words.mailbox.title,
      body: html`<p class="who"><bdi>${notice.email}</bdi></p>
<p>${words.mailbox[code](lifetime)}</p>
${unsent(visit)}<p class="soft small">${words.mailbox.nothing}</p>
${toSendAgain}<p class="middle"><a class="link" href="${to(way, { return_to })}">${name}</a></p>
`,
    };
  },
};

/** Where mails are while no server sends them: told to whoever develops, on the service's own machine. */
export function unsent({ c, words, service }: Visit): Html | false {
  const waits = service.outbox !== undefined && service.settings.NODE_ENV !== "production" && isThisMachine(c);
  return (
    waits &&
    html`<div class="told plain"><p>${words.mailbox.unsent}</p>
<p><a href="/dev/outbox">${words.mailbox.outbox}</a></p></div>
`
  );
}
