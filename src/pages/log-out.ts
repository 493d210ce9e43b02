import { html } from "hono/html";
import { button, form, type Page } from "./form.ts";
import { isLoggedIn } from "./log-in.ts";
import { home } from "./return-to.ts";
import { goOut } from "./visit.ts";

export const logOut: Page = {
  async show(visit) {
    const { words, to, onward } = visit;
    if (!(await isLoggedIn(visit))) return goOut(visit, "logged_out", onward);
    return {
      title: words.logOut.title,
      body: html`<p>${words.logOut.text}</p>
${form(visit, { action: "/logout", goesOn: true, body: button(words.logOut.submit) })}<a class="button plain" href="${onward ?? to(home)}">${words.logOut.stay}</a>
`,
    };
  },
  async submit(visit) {
    const { service, sessionId, caller, onward } = visit;
    await service.auth.logOut(sessionId, caller);
    return goOut(visit, "logged_out", onward);
  },
};
