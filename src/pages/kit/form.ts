import { randomBytes } from "node:crypto";
import { html } from "hono/html";
import type { IdempotentResult } from "../../auth/auth.ts";
import type { User } from "../../user.ts";
import { createFormToken } from "./form-token.ts";
import type { Html, View } from "./layout.ts";
import type { Problem } from "./problem.ts";
import type { FormValues, Visit } from "./visit.ts";

/** The submitted values of a form, and the error of the submission. */
export interface FormState {
  readonly values: FormValues;
  readonly problem?: Problem | undefined;
}

export interface Page {
  show(visit: Visit, state: FormState): View | Response | Promise<View | Response>;
}

/** A page with a form. */
export interface FormPage extends Page {
  /** True if the page's forms act for the logged-in account. Each form must then set `Form.user`. */
  readonly isAccountPage?: boolean;
  /** Returns the name of a missing field that is optional in the schema but required with these values. */
  findMissingField?(values: FormValues): string | undefined;
  /**
   * Processes the form. The page shows an AuthError as an error message, except `not_logged_in`, which redirects to the login.
   */
  submit(visit: Visit, values: FormValues): Promise<Response>;
  /** Returns the response to a form that this browser submits again within a minute, from the result of the first submission. */
  repeatResponse?(visit: Visit, values: FormValues, result: IdempotentResult): Promise<Response>;
}

interface Field {
  readonly name: "email" | "password" | "new_password";
  readonly label: string;
  /** https://html.spec.whatwg.org/#autofill */
  readonly autocomplete: "username" | "email" | "current-password" | "new-password";
  readonly hint?: string | undefined;
}

/** In characters. When the form is shown again, a longer address is truncated. */
const maxShownLength = 1000;

/** Returns a field with its label, hint and error message. A password field is always empty. */
export function field(
  { texts }: Visit,
  { values, problem }: FormState,
  { name, label, autocomplete, hint }: Field,
): Html {
  const error = problem?.field === name ? problem.message : undefined;
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  const attributes = html`id="${name}" name="${name}" autocomplete="${autocomplete}" required${described && html` aria-describedby="${described}"`}${error && html` aria-invalid="true"`}`;
  const input =
    name === "email"
      ? html`<input type="email" ${attributes} value="${(values.email ?? "").slice(0, maxShownLength)}" inputmode="email" autocapitalize="none" spellcheck="false">`
      : html`<div class="password" data-show="${texts.show}" data-hide="${texts.hide}" data-show-label="${texts.showPassword}" data-hide-label="${texts.hidePassword}"><input type="password" ${attributes}></div>`;
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<p class="soft small" id="${name}-hint">${hint}</p>\n`}${input}
${error && html`<p class="error" id="${name}-error">${error}</p>\n`}</div>
`;
}

export function emailField(visit: Visit, state: FormState): Html {
  return field(visit, state, { name: "email", label: visit.texts.fields.email, autocomplete: "username" });
}

export function newPasswordField(visit: Visit, state: FormState, label: string): Html {
  const hint = visit.texts.passwordHint(visit.service.settings.PASSWORD_MIN_LENGTH);
  return field(visit, state, { name: "new_password", label, autocomplete: "new-password", hint });
}

interface Form {
  readonly action: string;
  /** The account that the form acts for. */
  readonly user?: Pick<User, "id">;
  /** Query parameters of `action`. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body: Html;
  /** Adds a random `form_id`, which distinguishes a repeated submission from a new form with the same values. */
  readonly hasFormId?: boolean;
  /** True if the response is a file. */
  readonly isDownload?: boolean;
  /** Adds the visit's `return_to`. */
  readonly hasReturnTo?: boolean;
}

/** Returns a form with its CSRF token, and sets the cookie that the token is created from. */
export function form(visit: Visit, { action, user, query, body, hasFormId, isDownload, hasReturnTo }: Form): Html {
  visit.setFormCookie();
  return html`<form method="post" action="${visit.urlFor(action, query)}" novalidate${isDownload && html` data-download`}>
${hiddenField("form_token", createFormToken(visit.formSecret, user?.id))}${hasFormId && hiddenField("form_id", randomBytes(9).toString("base64url"))}${hasReturnTo && visit.returnTo !== undefined && hiddenField("return_to", visit.returnTo)}${body}</form>
`;
}

export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">
`;
}

/** Returns the address as text, and a hidden field in which password managers find the username. */
export function usernameField(email: string): Html {
  return html`<p class="who"><bdi>${email}</bdi></p>
<input name="username" value="${email}" autocomplete="username" readonly hidden>
`;
}

export function button(text: string, look = ""): Html {
  return html`<button class="button${look && ` ${look}`}">${text}</button>
`;
}
