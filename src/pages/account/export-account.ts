import { html } from "hono/html";
import { button, type FormPage, usernameField } from "../kit/form.ts";
import { accountForm, confirmPassword, currentPasswordField, showToUser } from "./form.ts";

export const exportAccount: FormPage = {
  isAccountPage: true,
  show(visit, state) {
    const { texts } = visit;
    return showToUser(visit, (user) => ({
      title: texts.account.exportTitle,
      body: html`<p>${texts.account.exportText}</p>
${accountForm(visit, user, {
  action: "/account/export",
  isDownload: true,
  body: html`${usernameField(user.email)}${currentPasswordField(visit, state)}${button(texts.account.export)}`,
})}`,
    }));
  },
  async submit(visit, values) {
    const { service, caller, cookies } = visit;
    await confirmPassword(visit, values);
    return service.answers.json(200, await service.auth.account.exportData(visit.sessionId, caller), {
      "Content-Disposition": 'attachment; filename="account.json"',
      ...(cookies.length > 0 && { "Set-Cookie": cookies }),
    });
  },
};
