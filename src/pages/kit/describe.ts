import { z } from "zod";
import type { AnswerDescription, Description, TextFields } from "../../http/description.ts";

/** The description of a form's POST. `submit` reads the `fields` from the request body. */
export type FormDescription = Description & { readonly fields: () => TextFields };

/** Creates the schemas of text fields, by field name. A function, because creating all schemas would slow down startup. */
type TextSchemas = () => Record<string, z.ZodType<string | undefined, string | undefined>>;
type ErrorCodes = Description["refusals"];

export const email = z.string().min(1).describe("The email address of the account.");
export const currentPassword = z.string().min(1).describe("The current password of the account.");
export const newPassword = z.string().min(1).describe("The new password.");

export const passwordPolicy = [
  "password_too_short",
  "password_common",
  "password_personal",
  "password_breached",
] as const satisfies ErrorCodes;

const noFields: TextSchemas = () => ({});
const returnTo = () =>
  z
    .string()
    .optional()
    .describe("The page to continue to: a path on this host, or a URL with an origin in RETURN_ORIGINS.");
const commonQuery: TextSchemas = () => ({
  lang: z
    .string()
    .optional()
    .describe("The language of the page: `en` or `fr`. If missing, `Accept-Language` determines it."),
  return_to: returnTo(),
});

const pageCookies =
  "A page with a form sets the cookie `form` if the browser did not send it. A page that shows a notice clears `notice`.";
const redirectCookies =
  "Sets or clears the cookies `notice` and `onward`, the session cookie and the device cookie, as required.";

function pageAnswer(description: string): AnswerDescription {
  return { description, content: ["text/html"], headers: { "Set-Cookie": pageCookies } };
}

export function redirectAnswer(description: string): AnswerDescription {
  return { description, headers: { Location: "The next page.", "Set-Cookie": redirectCookies } };
}

function describePage(query: TextSchemas) {
  return {
    query: () => z.object({ ...commonQuery(), ...query() }),
    allowsRepeatedQuery: true,
    session: "optional",
    isPage: true,
  } as const satisfies Partial<Description>;
}

interface PageOptions {
  readonly summary: string;
  readonly query?: TextSchemas;
  /** A sentence that says when the page redirects; undefined if it never redirects. */
  readonly redirects?: string;
  readonly refusals?: ErrorCodes;
}

export function page({ summary, query = noFields, redirects, refusals = [] }: PageOptions): Description {
  return {
    summary,
    ...describePage(query),
    answers: () => ({
      200: pageAnswer("The page."),
      ...(redirects !== undefined && { 303: redirectAnswer(redirects) }),
    }),
    refusals,
  };
}

/** Describes a page that requires a login. Without one, the page redirects to the login page, which redirects back. */
export function accountPage(summary: string, query: TextSchemas = noFields): Description {
  return page({ summary, query, redirects: "No user is logged in." });
}

interface FormOptions {
  readonly summary: string;
  readonly fields?: TextSchemas;
  readonly query?: TextSchemas;
  readonly hashesPassword?: true;
  /** A sentence that says when the form redirects, or the descriptions of all successful responses. */
  readonly answers: string | Description["answers"];
  readonly refusals?: ErrorCodes;
}

export function form({
  summary,
  fields = noFields,
  query = noFields,
  hashesPassword,
  answers,
  refusals = [],
}: FormOptions): FormDescription {
  let schema: TextFields | undefined;
  return {
    summary,
    fields() {
      schema ??= z.object({
        ...fields(),
        form_token: z
          .string()
          .optional()
          .describe("The CSRF token of the form. If it is missing or invalid, the error is `form_stale`."),
        form_id: z.string().optional().describe("Distinguishes a repeated submission from a new form."),
        return_to: returnTo(),
      });
      return schema;
    },
    ...describePage(query),
    ...(hashesPassword && { hashesPassword }),
    answers: typeof answers === "string" ? () => ({ 303: redirectAnswer(answers) }) : answers,
    refusals: ["form_stale", ...refusals],
  };
}

/** Describes a form that requires a login. Without one, the form redirects to the login page, which redirects back. */
export function accountForm(options: FormOptions & { readonly answers: string }): FormDescription {
  return form({
    ...options,
    answers: `${options.answers} If no user is logged in, the form redirects to the login page.`,
  });
}
