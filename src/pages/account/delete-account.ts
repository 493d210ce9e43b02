import { html } from "hono/html";
import { button, type FormPage, usernameField } from "../kit/form.ts";
import { redirectAfterLogout } from "../kit/redirects.ts";
import { accountForm, currentPasswordField, showToUser } from "./form.ts";

export const deleteAccount: FormPage = {
  isAccountPage: true,
  show(visit, state) {
    const { texts } = visit;
    return showToUser(visit, (user) => ({
      title: texts.account.deleteTitle,
      body: html`<p>${texts.account.deleteText}</p>
${accountForm(visit, user, {
  action: "/account/delete",
  body: html`${usernameField(user.email)}${currentPasswordField(visit, state)}${button(texts.account.delete, "bad solid")}`,
})}`,
    }));
  },
  async submit(visit, { password = "" }) {
    const { service, sessionId, caller } = visit;
    await service.auth.account.deleteAccount(sessionId, password, caller);
    return redirectAfterLogout(visit, "account_deleted");
  },
  repeatResponse: async (visit) => redirectAfterLogout(visit, "account_deleted"),
};
