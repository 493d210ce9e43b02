import { html } from "hono/html";
import { sessionCookie } from "../app/cookies.ts";
import { button, form, type Page } from "./form.ts";
import { isLoggedIn } from "./log-in.ts";
import { home } from "./return-to.ts";
import { goTo } from "./visit.ts";

export const logOut: Page = {
  async show(visit) {
    const { words, to, onward } = visit;
    if (!(await isLoggedIn(visit))) return goTo(visit, onward ?? to("/login"));
    return {
      title: words.logOut.title,
      body: html`<p>${words.logOut.text}</p>
${form(visit, { action: "/logout", goesOn: true, body: button(words.logOut.submit) })}<a class="button plain" href="${onward ?? to(home)}">${words.logOut.stay}</a>
`,
    };
  },
  async submit(visit) {
    const { service, sessionId, caller, cookies, to } = visit;
    await service.auth.logOut(sessionId, caller);
    cookies.push(sessionCookie(service.settings).clear);
    return visit.onward === undefined ? goTo(visit, to("/login"), { code: "logged_out" }) : goTo(visit, visit.onward);
  },
};
