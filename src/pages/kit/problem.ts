import type { RefusalCode } from "../../errors.ts";
import type { ResponseHeaders } from "../../http/answers.ts";
import type { Refusal } from "../../http/refusals.ts";
import type { PageRefusalCode } from "../../languages/refusals.ts";
import { formatWait } from "../../values/durations.ts";
import type { Visit } from "./visit.ts";

/** Why a form was refused, in words for the one who filled it in. */
export interface Problem {
  readonly code: RefusalCode | PageRefusalCode;
  readonly status: number;
  readonly message: string;
  /** The field that it is about. */
  readonly field?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  readonly headers?: ResponseHeaders;
}

/** The field that a refusal is about; of those that are not here, none more than another. */
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
  return hasInvisibleCharacter ? { ...problem, message: visit.words.invisibleCharacter, field: "email" } : problem;
}

/** A form of another time, or of another browser: the same one again can be sent. */
export function staleFormProblem(visit: Visit): Problem {
  return { ...describeCode(visit, "form_stale"), status: 403 };
}

/** A form of an account that is no longer the one that is logged in; nothing was done (WCAG 2.2, 3.3.4). */
export function otherAccountProblem(visit: Visit, email: string): Problem {
  return { ...staleFormProblem(visit), message: visit.words.account.accountSwitched(email) };
}

export function missingFieldProblem(visit: Visit, field: string): Problem {
  const { missing } = visit.words;
  const message = Object.hasOwn(missing, field) ? { message: missing[field as keyof typeof missing] } : {};
  return { ...describeCode(visit, "field_missing"), ...message, status: 400, field };
}

function describeCode({ words, language, service }: Visit, code: Problem["code"], retryAfter = 1) {
  const facts = {
    minLength: service.settings.PASSWORD_MIN_LENGTH,
    // Few messages need it, and it costs more than the rest of them.
    get wait() {
      return formatWait(retryAfter, language);
    },
  };
  return { code, message: words.refusals[code](facts), field: fieldsByCode[code] };
}
