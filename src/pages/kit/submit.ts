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
 * Handles the POST of a form. The form must come from this browser and from the account that is logged in, and a second
 * submission of it has no second effect. On a problem, shows the form again with an error message.
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
    // Without a valid token the form's account is unknown, so its values must not be shown to the account logged in now.
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
    // The same form was submitted twice at the same time, and the other request finished first.
    const meanwhile = error instanceof AuthError && (await repeatedResponse(visit, page, values));
    if (meanwhile) return meanwhile;
    if (error instanceof AuthError && error.code === "not_logged_in")
      return redirectToLogin(visit, values.email, account);
    return show(visit, page, { values, problem: toProblem(visit, service.reportError(error, c)) });
  }
}

/** Returns the earlier response if this browser submits a form twice, for example by a double click. Otherwise undefined. */
async function repeatedResponse(visit: Visit, page: FormPage, values: FormValues): Promise<Response | undefined> {
  const result = page.repeatResponse && (await visit.service.auth.idempotency.findResult(visit.caller));
  return result ? page.repeatResponse?.(visit, values, result) : undefined;
}

/** True for errors that the form's page shows. All others get an error page. */
function isShownOnForm(error: unknown): boolean {
  return error instanceof AuthError || error instanceof DatabaseUnavailable;
}

/**
 * Applies the API's rule for requests from other sites. Older browsers send `Origin: null` from a page with
 * `Referrer-Policy: no-referrer`. For those, only the form token decides.
 */
function requireOwnOrigin(c: RequestContext, { settings }: Service): void {
  const isHidden = c.req.header("Origin") === "null" && c.req.header("Sec-Fetch-Site") === undefined;
  if (!isHidden) requireSameOrigin(c, settings);
}
