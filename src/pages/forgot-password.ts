import { html } from "hono/html";
import { readEmail } from "../values/email.ts";
import type { Page } from "./kit/form.ts";
import { mailForm } from "./kit/mail-form.ts";
import { goTo, keepOnward } from "./kit/redirects.ts";
import { askerBy, type Values, type Visit } from "./kit/visit.ts";

/** Asks for the mail with the link. What is shown is the same with and without an account. */
export const forgot: Page = {
  fields: { email: true, again: false },
  show(visit, filled) {
    const { words, to, onward: return_to } = visit;
    return {
      title: words.forgot.title,
      body: html`<p>${words.forgot.text}</p>
${mailForm(visit, filled, "/forgot", words.forgot.submit)}<p class="middle"><a class="link" href="${to("/login", { return_to })}">${words.forgot.back}</a></p>
`,
    };
  },
  async submit(visit, values) {
    const { auth } = visit.service;
    return asked(visit, values, await auth.resetPassword.request(values.email ?? "", askerBy(visit, values)));
  },
  again: async (visit, values) => asked(visit, values, readEmail(values.email ?? "") ?? undefined),
};

function asked(visit: Visit, { again }: Values, email: string | undefined): Response {
  keepOnward(visit, visit.service.settings.RESET_TOKEN_LIFETIME);
  return goTo(visit, visit.to("/mailbox"), { code: again === undefined ? "reset" : "reset_again", email });
}
