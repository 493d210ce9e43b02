import { html } from "hono/html";
import { logOut as endSessions } from "../http/session-cookies.ts";
import { button, type FormPage, form } from "./kit/form.ts";
import { redirectAfterLogout } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { findLoggedInUser } from "./kit/visit.ts";

export const logOut: FormPage = {
  isAccountPage: true,
  async show(visit) {
    const { texts, urlFor, returnTo } = visit;
    const user = await findLoggedInUser(visit);
    if (!user) return redirectAfterLogout(visit, "logged_out", returnTo);
    return {
      title: texts.logOut.title,
      body: html`<p>${texts.logOut.text}</p>
${form(visit, { action: "/logout", user, hasReturnTo: true, body: button(texts.logOut.submit) })}<a class="button plain" href="${returnTo ?? urlFor(home)}">${texts.logOut.stay}</a>
`,
    };
  },
  async submit(visit) {
    const { c, service, returnTo } = visit;
    await endSessions(c, service);
    return redirectAfterLogout(visit, "logged_out", returnTo);
  },
};
