import type { Page } from "./kit/form.ts";
import { redirect } from "./kit/redirects.ts";

/** Where password managers send people (https://w3c.github.io/webappsec-change-password-url/). */
export const wellKnownChangePassword: Page = {
  show: (visit) => redirect(visit, visit.urlFor("/account/password")),
};
