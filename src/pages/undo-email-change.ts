import { html } from "hono/html";
import { button, type FormPage, form, hiddenField, usernameField } from "./kit/form.ts";
import { infoMessage } from "./kit/layout.ts";
import { redirect } from "./kit/redirects.ts";
import { findLoggedInUser, type Visit } from "./kit/visit.ts";

/** The page of the link that undoes an email change. GET changes nothing, because email scanners also open links. */
export const undoEmailChange: FormPage = {
  async show(visit, { problem }) {
    const { texts, service, caller, token = "", urlFor } = visit;
    const email = await service.auth.undoEmailChange.findEmail(token);
    if (email === null) {
      const result = await service.auth.idempotency.findResult(caller);
      if (result) return redirectToMailbox(visit, result);
      return {
        title: texts.deadLink.title,
        code: "bad_undo_token",
        hasSecretUrl: true,
        body: html`<p>${texts.undo.deadLink}</p>
<a class="button" href="${urlFor("/forgot")}">${texts.deadLink.submit}</a>
`,
      };
    }
    const user = await findLoggedInUser(visit);
    const isOther = user !== null && !(await service.auth.undoEmailChange.isTokenOfUser(token, user.id));
    return {
      title: texts.undo.title,
      hasSecretUrl: true,
      problem:
        problem?.code === "email_taken" ? { ...problem, field: undefined, message: texts.undo.emailTaken } : problem,
      body: html`${isOther && infoMessage(texts.reset.otherAccount(user.email))}<p>${texts.undo.text}</p>
${form(visit, {
  action: "/undo-email-change",
  body: html`${usernameField(email)}${hiddenField("token", token)}${button(texts.undo.submit)}`,
})}`,
    };
  },
  async submit(visit, { token = "" }) {
    const { service, caller } = visit;
    return redirectToMailbox(visit, await service.auth.undoEmailChange.undo(token, undefined, caller));
  },
  repeatResponse: async (visit, _, result) => redirectToMailbox(visit, result),
};

function redirectToMailbox(visit: Visit, { email }: { readonly email: string | null }): Response {
  return redirect(visit, visit.urlFor("/mailbox"), { code: "undone", email: email ?? undefined });
}
