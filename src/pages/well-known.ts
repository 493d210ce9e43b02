import type { Page } from "./kit/form.ts";
import { redirect } from "./kit/redirects.ts";

/** Redirects password managers to the form that changes a password (https://w3c.github.io/webappsec-change-password-url/). */
export const wellKnownChangePassword: Page = {
  show: (visit) => redirect(visit, visit.urlFor("/account/password")),
};
