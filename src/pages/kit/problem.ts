import type { RefusalCode } from "../../errors.ts";
import type { ResponseHeaders } from "../../http/answers.ts";
import type { Refusal } from "../../http/refusals.ts";
import type { PageRefusalCode } from "../../languages/refusals.ts";
import { formatWait } from "../../values/durations.ts";
import type { Visit } from "./visit.ts";

/** An error that a page shows. */
export interface Problem {
  readonly code: RefusalCode | PageRefusalCode;
  readonly status: number;
  readonly message: string;
  /** Name of the invalid field. */
  readonly field?: string | undefined;
  /** In seconds. */
  readonly retryAfter?: number | undefined;
  readonly headers?: ResponseHeaders;
}

/** Name of the invalid field, by error code. Errors with other codes are not about a field. */
const fieldsByCode: Partial<Record<Problem["code"], string>> = {
  email_invalid: "email",
  email_taken: "email",
  email_unchanged: "email",
  unknown_email: "email",
  password_missing: "new_password",
  password_too_short: "new_password",
  password_common: "new_password",
  password_personal: "new_password",
  password_breached: "new_password",
  wrong_password: "password",
  password_needed: "password",
};

export function toProblem(
  visit: Visit,
  { code, status, retryAfter, isLocked, hasInvisibleCharacter }: Refusal,
): Problem {
  const problem = { ...describeCode(visit, isLocked ? "locked" : code, retryAfter), status, retryAfter };
  return hasInvisibleCharacter ? { ...problem, message: visit.texts.invisibleCharacter, field: "email" } : problem;
}

/** Returns the error of a form whose token does not match this browser's cookie. The page shows the form with a new token. */
export function staleFormProblem(visit: Visit): Problem {
  return { ...describeCode(visit, "form_stale"), status: 403 };
}

/** Returns the error of a form that acts for an account other than the logged-in one. The form has no effect (WCAG 2.2, 3.3.4). */
export function otherAccountProblem(visit: Visit, email: string): Problem {
  return { ...staleFormProblem(visit), message: visit.texts.account.accountSwitched(email) };
}

export function missingFieldProblem(visit: Visit, field: string): Problem {
  const { missing } = visit.texts;
  const message = Object.hasOwn(missing, field) ? { message: missing[field as keyof typeof missing] } : {};
  return { ...describeCode(visit, "field_missing"), ...message, status: 400, field };
}

function describeCode({ texts, language, service }: Visit, code: Problem["code"], retryAfter = 1) {
  const facts = {
    minLength: service.settings.PASSWORD_MIN_LENGTH,
    // A getter, because formatting the wait is slow and few messages contain it.
    get wait() {
      return formatWait(retryAfter, language);
    },
  };
  return { code, message: texts.refusals[code](facts), field: fieldsByCode[code] };
}
