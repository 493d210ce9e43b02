import { html } from "hono/html";
import { account, button, type Page } from "../kit/form.ts";
import { goOut } from "../kit/redirects.ts";
import { accountForm, currentPassword, forPerson } from "./form.ts";

export const deleteAccount: Page = {
  isAccounts: true,
  fields: { password: true },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.deleteTitle,
      body: html`<p>${words.account.deleteText}</p>
${accountForm(visit, person, {
  action: "/account/delete",
  body: html`${account(person.email)}${currentPassword(visit, filled)}${button(words.account.delete, "bad solid")}`,
})}`,
    }));
  },
  async submit(visit, { password = "" }) {
    const { service, sessionId, caller } = visit;
    await service.auth.account.erase(sessionId, password, caller);
    return goOut(visit, "account_deleted");
  },
  again: async (visit) => goOut(visit, "account_deleted"),
};
