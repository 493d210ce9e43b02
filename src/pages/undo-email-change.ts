import { html } from "hono/html";
import { account, button, form, hidden, type Page } from "./kit/form.ts";
import { plain } from "./kit/layout.ts";
import { goTo } from "./kit/redirects.ts";
import { loggedIn, type Visit } from "./kit/visit.ts";

/**
 * The link in the mail about a completed move leads here. Opening the page changes nothing: programs that scan mails open links
 * too.
 */
export const undo: Page = {
  fields: { token: true },
  async show(visit, { problem }) {
    const { words, service, caller, token = "", to } = visit;
    const email = await service.auth.undoEmailChange.findEmail(token);
    if (email === null) {
      const before = await service.auth.acts.findRecent(caller);
      if (before) return undone(visit, before);
      return {
        title: words.deadLink.title,
        code: "bad_undo_token",
        secret: true,
        body: html`<p>${words.undo.deadLink}</p>
<a class="button" href="${to("/forgot")}">${words.deadLink.submit}</a>
`,
      };
    }
    const user = await loggedIn(visit);
    const isOther = user !== null && !(await service.auth.undoEmailChange.isTokenOfUser(token, user.id));
    return {
      title: words.undo.title,
      secret: true,
      problem:
        problem?.code === "email_taken" ? { ...problem, field: undefined, message: words.undo.emailTaken } : problem,
      body: html`${isOther && plain(words.reset.otherAccount(user.email))}<p>${words.undo.text}</p>
${form(visit, {
  action: "/undo-email-change",
  body: html`${account(email)}${hidden("token", token)}${button(words.undo.submit)}`,
})}`,
    };
  },
  async submit(visit, { token = "" }) {
    const { service, caller } = visit;
    return undone(visit, await service.auth.undoEmailChange.undo(token, undefined, caller));
  },
  again: async (visit, _, before) => undone(visit, before),
};

/** Leads to the mailbox page: the next step is in a mail. */
function undone(visit: Visit, { email }: { readonly email: string | null }): Response {
  return goTo(visit, visit.to("/mailbox"), { code: "undone", email: email ?? undefined });
}
