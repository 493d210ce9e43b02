import { randomBytes } from "node:crypto";
import { html } from "hono/html";
import type { ActResult } from "../../auth/auth.ts";
import type { User } from "../../user.ts";
import { createFormToken } from "./form-token.ts";
import type { Html, View } from "./layout.ts";
import type { Problem } from "./problem.ts";
import type { FormValues, Visit } from "./visit.ts";

/** What a form holds as it is shown: what was typed before, and what was wrong with it. */
export interface FormState {
  readonly values: FormValues;
  readonly problem?: Problem | undefined;
}

/** A page: what it shows, and what its form does. */
export interface Page {
  /** Its forms act for the logged-in account: each names it (`of`), and acts for no other. */
  readonly isAccountPage?: boolean;
  /** The fields of its form, and whether a person must fill them in, which may hang on the others. */
  readonly fields?: Readonly<Record<string, boolean | ((values: FormValues) => boolean)>>;
  show(visit: Visit, state: FormState): View | Response | Promise<View | Response>;
  /** Does what the form asks for; what it throws is told above the form. */
  submit?(visit: Visit, values: FormValues): Promise<Response>;
  /** Answers a form that this browser sent and that was done a moment ago, as it was answered then. */
  repeatResponse?(visit: Visit, values: FormValues, done: ActResult): Promise<Response>;
}

interface Field {
  readonly name: "email" | "password" | "new_password";
  readonly label: string;
  /** What browsers and password managers fill in (https://html.spec.whatwg.org/#autofill). */
  readonly autocomplete: "username" | "email" | "current-password" | "new-password";
  readonly hint?: string | undefined;
}

/** More of what was typed is not shown again: nothing that long was right. */
const maxShownLength = 1000;

/** A field with its label, what it has to be and what is wrong with it; passwords come back empty. */
export function field(
  { words }: Visit,
  { values, problem }: FormState,
  { name, label, autocomplete, hint }: Field,
): Html {
  const error = problem?.field === name ? problem.message : undefined;
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  const attributes = html`id="${name}" name="${name}" autocomplete="${autocomplete}" required${described && html` aria-describedby="${described}"`}${error && html` aria-invalid="true"`}`;
  const input =
    name === "email"
      ? html`<input type="email" ${attributes} value="${(values.email ?? "").slice(0, maxShownLength)}" inputmode="email" autocapitalize="none" spellcheck="false">`
      : html`<div class="password" data-show="${words.show}" data-hide="${words.hide}" data-show-label="${words.showPassword}" data-hide-label="${words.hidePassword}"><input type="password" ${attributes}></div>`;
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<p class="soft small" id="${name}-hint">${hint}</p>\n`}${input}
${error && html`<p class="error" id="${name}-error">${error}</p>\n`}</div>
`;
}

/** The field of the address that somebody is known by. */
export function emailField(visit: Visit, state: FormState): Html {
  return field(visit, state, { name: "email", label: visit.words.fields.email, autocomplete: "username" });
}

/** The field of a password that is chosen, with what it has to be. */
export function newPasswordField(visit: Visit, state: FormState, label: string): Html {
  const hint = visit.words.passwordHint(visit.service.settings.PASSWORD_MIN_LENGTH);
  return field(visit, state, { name: "new_password", label, autocomplete: "new-password", hint });
}

interface Form {
  readonly action: string;
  /** The user that the form acts for. */
  readonly user?: Pick<User, "id">;
  /** What its address is given. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body: Html;
  /** Each display gets an id, because its fields alone do not tell whether it is sent again or filled in anew. */
  readonly hasFormId?: boolean;
  /** What comes of it is a file. */
  readonly isDownload?: boolean;
  /** Where the page goes on afterwards. */
  readonly hasReturnTo?: boolean;
}

/** A form of this browser, which comes back in the same language. */
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

/** For password managers, so that they keep a password with the account it is for. */
export function usernameField(email: string): Html {
  return html`<p class="who"><bdi>${email}</bdi></p>
<input name="username" value="${email}" autocomplete="username" readonly hidden>
`;
}

export function button(text: string, look = ""): Html {
  return html`<button class="button${look && ` ${look}`}">${text}</button>
`;
}
