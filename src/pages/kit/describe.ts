import { z } from "zod";
import type { AnswerDescription, Description, TextFields } from "../../http/description.ts";

/** Describes a form. `submit` reads the fields that it names. */
export type FormDescription = Description & { readonly fields: () => TextFields };

/** The schemas of text fields. A function, because building all schemas would slow down the start. */
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
    .describe("Where the visitor continues: a path of this host, or a URL at one of RETURN_ORIGINS.");
const commonQuery: TextSchemas = () => ({
  lang: z.string().optional().describe("Language of the page, `en` or `fr`. Default: `Accept-Language`."),
  return_to: returnTo(),
});

const pageCookies = "Sets the cookie `form` if the browser has none, and clears `notice` after showing it.";
const redirectCookies =
  "The cookies that the next page needs: `notice`, `onward`, and those of a new or an ended session.";

function pageAnswer(description: string): AnswerDescription {
  return { description, content: ["text/html"], headers: { "Set-Cookie": pageCookies } };
}

export function redirectAnswer(description: string): AnswerDescription {
  return { description, headers: { Location: "The next page.", "Set-Cookie": redirectCookies } };
}

interface PageOptions {
  readonly summary: string;
  readonly query?: TextSchemas;
  /** The condition for a redirect; undefined if the page never redirects. */
  readonly redirects?: string;
  readonly refusals?: ErrorCodes;
}

export function page({ summary, query = noFields, redirects, refusals = [] }: PageOptions): Description {
  return {
    summary,
    query: () => z.object({ ...commonQuery(), ...query() }),
    allowsRepeatedQuery: true,
    session: "optional",
    isPage: true,
    answers: () => ({
      200: pageAnswer("The page."),
      ...(redirects !== undefined && { 303: redirectAnswer(redirects) }),
    }),
    refusals,
  };
}

/** Describes a page that redirects to the login page and back if no user is logged in. */
export function accountPage(summary: string, query: TextSchemas = noFields): Description {
  return page({ summary, query, redirects: "No user is logged in." });
}

interface FormOptions {
  readonly summary: string;
  readonly fields?: TextSchemas;
  readonly query?: TextSchemas;
  readonly hashesPassword?: true;
  /** Describes the redirect after the form, or all responses. */
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
        form_token: z.string().optional().describe("The CSRF token of the form. Without a valid one: `form_stale`."),
        form_id: z.string().optional().describe("Distinguishes a repeated submission from a new form."),
        return_to: returnTo(),
      });
      return schema;
    },
    query: () => z.object({ ...commonQuery(), ...query() }),
    allowsRepeatedQuery: true,
    session: "optional",
    ...(hashesPassword && { hashesPassword }),
    isPage: true,
    answers: typeof answers === "string" ? () => ({ 303: redirectAnswer(answers) }) : answers,
    refusals: ["form_stale", ...refusals],
  };
}

/** Describes a form that redirects to the login page and back if no user is logged in. */
export function accountForm(options: FormOptions & { readonly answers: string }): FormDescription {
  return form({ ...options, answers: `${options.answers} If no user is logged in, the next page is the login page.` });
}
