import { html } from "hono/html";
import { account, button, form, type Page } from "../kit/form.ts";
import { goOut } from "../kit/redirects.ts";
import { cancel, currentPassword, forPerson } from "./form.ts";

export const deleteAccount: Page = {
  isAccounts: true,
  fields: { password: true },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.deleteTitle,
      body: html`<p>${words.account.deleteText}</p>
${form(visit, {
  action: "/account/delete",
  of: person,
  goesOn: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${button(words.account.delete, "bad solid")}`,
})}${cancel(visit)}`,
    }));
  },
  async submit(visit, { password = "" }) {
    const { service, sessionId, caller } = visit;
    await service.auth.account.erase(sessionId, password, caller);
    return goOut(visit, "account_deleted");
  },
  again: async (visit) => goOut(visit, "account_deleted"),
};
