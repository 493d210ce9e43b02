import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { RequestContext } from "../../http/caller.ts";
import { readFields } from "../../http/fields.ts";
import { requireSameOrigin } from "../../http/same-origin.ts";
import type { Service } from "../../http/service.ts";
import type { FormDescription } from "./describe.ts";
import type { FormPage, FormState, Page } from "./form.ts";
import { missingFieldProblem, otherAccountProblem, staleFormProblem, toProblem } from "./problem.ts";
import { redirectToLogin } from "./redirects.ts";
import { createVisit, type FormValues, isSameAccount, readFormOrigin, type Visit } from "./visit.ts";

interface PageRenderer {
  show(visit: Visit, page: Page, state: FormState): Promise<Response>;
  loadAccountPage(): Promise<Page>;
}

/**
 * Handles the POST of a form. A form from another browser, or for an account that is not logged in, has no effect. If the page
 * has `repeatResponse`, a repeated submission has no second effect. On a problem, shows the form again with an error message.
 */
export async function submit(
  service: Service,
  c: RequestContext,
  page: FormPage,
  description: FormDescription,
  { show, loadAccountPage }: PageRenderer,
): Promise<Response> {
  requireOwnOrigin(c, service);
  const { shape } = description.fields();
  const values = await readFields(c, ...Object.keys(shape));
  const visit = await createVisit(service, c, values);
  const { isFromThisBrowser, account } = readFormOrigin(visit, values);
  if (!isFromThisBrowser || (page.isAccountPage && account === undefined)) {
    // Without a valid token, the form's account is unknown: the logged-in account must not see the form's values.
    return show(visit, page, { values: page.isAccountPage ? {} : values, problem: staleFormProblem(visit) });
  }
  if (account !== undefined) {
    const user = await service.auth.getUserFromSessionId(visit.sessionId);
    if (user && !isSameAccount(visit, account, user.id)) {
      const target = page.isAccountPage ? page : await loadAccountPage();
      return show(visit, target, { values: {}, problem: otherAccountProblem(visit, user.email) });
    }
  }
  const isMissing = (name: string) => values[name] === undefined && !shape[name]?.isOptional();
  const missing = Object.keys(shape).find(isMissing) ?? page.findMissingField?.(values);
  if (missing !== undefined) return show(visit, page, { values, problem: missingFieldProblem(visit, missing) });
  try {
    const repeated = await repeatedResponse(visit, page, values);
    if (repeated) return repeated;
    return await page.submit(visit, values);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    // If the same form was submitted twice at the same time, the other request may have finished first.
    const meanwhile = error instanceof AuthError && (await repeatedResponse(visit, page, values));
    if (meanwhile) return meanwhile;
    if (error instanceof AuthError && error.code === "not_logged_in")
      return redirectToLogin(visit, values.email, account);
    return show(visit, page, { values, problem: toProblem(visit, service.reportError(error, c)) });
  }
}

/** Returns the response to a repeated submission, for example after a double click. Returns undefined for a first submission. */
async function repeatedResponse(visit: Visit, page: FormPage, values: FormValues): Promise<Response | undefined> {
  const result = page.repeatResponse && (await visit.service.auth.idempotency.findResult(visit.caller));
  return result ? page.repeatResponse?.(visit, values, result) : undefined;
}

/** Returns true for errors that the form's page shows. Other errors get an error page. */
function isShownOnForm(error: unknown): boolean {
  return error instanceof AuthError || error instanceof DatabaseUnavailable;
}

/**
 * Rejects requests from other sites, as the API does. From a page with `Referrer-Policy: no-referrer`, older browsers send
 * `Origin: null` and no `Sec-Fetch-Site`. The form token alone protects these requests.
 */
function requireOwnOrigin(c: RequestContext, { settings }: Service): void {
  const isHidden = c.req.header("Origin") === "null" && c.req.header("Sec-Fetch-Site") === undefined;
  if (!isHidden) requireSameOrigin(c, settings);
}
