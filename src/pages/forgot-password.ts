import { html } from "hono/html";
import { readEmail } from "../values/email.ts";
import type { FormPage } from "./kit/form.ts";
import { mailForm } from "./kit/mail-form.ts";
import { redirect, storeReturnTo } from "./kit/redirects.ts";
import { callerOfForm, type FormValues, type Visit } from "./kit/visit.ts";

/** Requests a password reset email. The response is the same whether or not the account exists. */
export const forgotPassword: FormPage = {
  show(visit, state) {
    const { texts, urlFor, returnTo: return_to } = visit;
    return {
      title: texts.forgot.title,
      body: html`<p>${texts.forgot.text}</p>
${mailForm(visit, state, "/forgot", texts.forgot.submit)}<p class="middle"><a class="link" href="${urlFor("/login", { return_to })}">${texts.forgot.back}</a></p>
`,
    };
  },
  async submit(visit, values) {
    const { auth } = visit.service;
    return redirectToMailbox(
      visit,
      values,
      await auth.resetPassword.request(values.email ?? "", callerOfForm(visit, values)),
    );
  },
  repeatResponse: async (visit, values) => redirectToMailbox(visit, values, readEmail(values.email ?? "") ?? undefined),
};

function redirectToMailbox(visit: Visit, { again }: FormValues, email: string | undefined): Response {
  storeReturnTo(visit, visit.service.settings.RESET_TOKEN_LIFETIME);
  return redirect(visit, visit.urlFor("/mailbox"), { code: again === undefined ? "reset" : "reset_again", email });
}
