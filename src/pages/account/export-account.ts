import { html } from "hono/html";
import { account, button, type Page } from "../kit/form.ts";
import { accountForm, confirm, currentPassword, forPerson } from "./form.ts";

export const exportAccount: Page = {
  isAccounts: true,
  fields: { password: false },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.exportTitle,
      body: html`<p>${words.account.exportText}</p>
${accountForm(visit, person, {
  action: "/account/export",
  isDownload: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${button(words.account.export)}`,
})}`,
    }));
  },
  async submit(visit, values) {
    const { service, caller, cookies } = visit;
    await confirm(visit, values);
    return service.answers.json(200, await service.auth.account.exportData(visit.sessionId, caller), {
      "Content-Disposition": 'attachment; filename="account.json"',
      ...(cookies.length > 0 && { "Set-Cookie": cookies }),
    });
  },
};
