import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { RequestContext } from "../../http/caller.ts";
import { readFields } from "../../http/fields.ts";
import { RequestError } from "../../http/refusals.ts";
import { requireSameOrigin } from "../../http/same-origin.ts";
import type { Service } from "../../http/service.ts";
import type { FormState, Page } from "./form.ts";
import { missingFieldProblem, otherAccountProblem, staleFormProblem, toProblem } from "./problem.ts";
import { redirectToLogin } from "./redirects.ts";
import { createVisit, type FormValues, isSameAccount, readFormOrigin, type Visit } from "./visit.ts";

/** How a form that was refused is shown. */
interface PageRenderer {
  /** Shows a page, again or in place of the one that the form was on. */
  show(visit: Visit, page: Page, state: FormState): Promise<Response>;
  /** The page of the account that is logged in. */
  overview(): Promise<Page>;
}

/** Does what a form asks for, once, for the browser and the account that it was shown to; problems are shown above it. */
export async function submit(
  service: Service,
  c: RequestContext,
  page: Page,
  { show, overview }: PageRenderer,
): Promise<Response> {
  requireOwnOrigin(c, service);
  const fields = page.fields ?? {};
  const values = await readFields(c, "form_token", "form_id", "return_to", ...Object.keys(fields));
  const visit = await createVisit(service, c, values);
  const { isFromThisBrowser, account } = readFormOrigin(visit, values);
  if (!isFromThisBrowser || (page.isAccountPage && account === undefined)) {
    // The account is unknown: what was typed for it must not be shown to another.
    return show(visit, page, { values: page.isAccountPage ? {} : values, problem: staleFormProblem(visit) });
  }
  if (account !== undefined) {
    const user = await service.auth.getUserFromSessionId(visit.sessionId);
    if (user && !isSameAccount(visit, account, user.id)) {
      const shown = page.isAccountPage ? page : await overview();
      return show(visit, shown, { values: {}, problem: otherAccountProblem(visit, user.email) });
    }
  }
  const empty = Object.entries(fields).find(
    ([name, isNeeded]) => values[name] === undefined && (typeof isNeeded === "function" ? isNeeded(values) : isNeeded),
  );
  if (empty) return show(visit, page, { values, problem: missingFieldProblem(visit, empty[0]) });
  try {
    const before = await repeatedResponse(visit, page, values);
    if (before) return before;
    if (page.submit) return await page.submit(visit, values);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    // Both submissions were under way at once, and the other one was first.
    const meanwhile = error instanceof AuthError && (await repeatedResponse(visit, page, values));
    if (meanwhile) return meanwhile;
    if (error instanceof AuthError && error.code === "not_logged_in")
      return redirectToLogin(visit, values.email, account);
    return show(visit, page, { values, problem: toProblem(visit, service.reportError(error, c)) });
  }
  throw new RequestError("method_not_allowed", "nothing can be sent here");
}

/** The answer to a form that this browser sent a moment ago and sends again, such as by a double click; undefined for any other. */
async function repeatedResponse(visit: Visit, page: Page, values: FormValues): Promise<Response | undefined> {
  const done = page.repeatResponse && (await visit.service.auth.acts.findRecent(visit.caller));
  return done ? page.repeatResponse?.(visit, values, done) : undefined;
}

/** What can be told above the form; for all else there is a page of its own. */
function isShownOnForm(error: unknown): boolean {
  return error instanceof AuthError || error instanceof DatabaseUnavailable;
}

/** The API's rule. A page that hides its own address makes older browsers hide its origin too: then the form's token decides. */
function requireOwnOrigin(c: RequestContext, { settings }: Service): void {
  const isHidden = c.req.header("Origin") === "null" && c.req.header("Sec-Fetch-Site") === undefined;
  if (!isHidden) requireSameOrigin(c, settings);
}
