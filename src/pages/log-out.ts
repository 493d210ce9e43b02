import { html } from "hono/html";
import { logOut as endSessions } from "../http/session-cookies.ts";
import { button, form, type Page } from "./kit/form.ts";
import { goOut } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { loggedIn } from "./kit/visit.ts";

export const logOut: Page = {
  isAccounts: true,
  async show(visit) {
    const { words, to, onward } = visit;
    const user = await loggedIn(visit);
    if (!user) return goOut(visit, "logged_out", onward);
    return {
      title: words.logOut.title,
      body: html`<p>${words.logOut.text}</p>
${form(visit, { action: "/logout", of: user, goesOn: true, body: button(words.logOut.submit) })}<a class="button plain" href="${onward ?? to(home)}">${words.logOut.stay}</a>
`,
    };
  },
  async submit(visit) {
    const { c, service, onward } = visit;
    await endSessions(c, service);
    return goOut(visit, "logged_out", onward);
  },
};
