import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { RequestContext } from "../../http/caller.ts";
import { readFields } from "../../http/fields.ts";
import { RequestError } from "../../http/refusals.ts";
import { requireSameOrigin } from "../../http/same-origin.ts";
import type { Service } from "../../http/service.ts";
import type { Filled, Page } from "./form.ts";
import { missing, ofAnotherAccount, problemOf, stale } from "./problem.ts";
import { askToLogIn } from "./redirects.ts";
import { isFor, originOf, type Values, type Visit, visit } from "./visit.ts";

/** How a form that was refused is shown. */
interface Shown {
  /** Shows a page, again or in place of the one that the form was on. */
  show(at: Visit, page: Page, filled: Filled): Promise<Response>;
  /** The page of the account that is logged in. */
  overview(): Promise<Page>;
}

/** Does what a form asks for, once, for the browser and the account that it was shown to; problems are shown above it. */
export async function submit(
  service: Service,
  c: RequestContext,
  page: Page,
  { show, overview }: Shown,
): Promise<Response> {
  requireOwnOrigin(c, service);
  const fields = page.fields ?? {};
  const values = await readFields(c, "form_token", "form_id", "return_to", ...Object.keys(fields));
  const at = await visit(service, c, values);
  const { isOwn, account } = originOf(at, values);
  if (!isOwn || (page.isAccounts && account === undefined)) {
    // The account is unknown: what was typed for it must not be shown to another.
    return show(at, page, { values: page.isAccounts ? {} : values, problem: stale(at) });
  }
  if (account !== undefined) {
    const user = await service.auth.getUserFromSessionId(at.sessionId);
    if (user && !isFor(at, account, user.id)) {
      const shown = page.isAccounts ? page : await overview();
      return show(at, shown, { values: {}, problem: ofAnotherAccount(at, user.email) });
    }
  }
  const empty = Object.entries(fields).find(
    ([name, isNeeded]) => values[name] === undefined && (typeof isNeeded === "function" ? isNeeded(values) : isNeeded),
  );
  if (empty) return show(at, page, { values, problem: missing(at, empty[0]) });
  try {
    const before = await again(at, page, values);
    if (before) return before;
    if (page.submit) return await page.submit(at, values);
  } catch (error) {
    if (!isTold(error)) throw error;
    // Both submissions were under way at once, and the other one was first.
    const meanwhile = error instanceof AuthError && (await again(at, page, values));
    if (meanwhile) return meanwhile;
    if (error instanceof AuthError && error.code === "not_logged_in") return askToLogIn(at, values.email, account);
    return show(at, page, { values, problem: problemOf(at, service.reportError(error, c)) });
  }
  throw new RequestError("method_not_allowed", "nothing can be sent here");
}

/** The answer to a form that this browser sent a moment ago and sends again, such as by a double click; undefined for any other. */
async function again(at: Visit, page: Page, values: Values): Promise<Response | undefined> {
  const done = page.again && (await at.service.auth.acts.findRecent(at.caller));
  return done ? page.again?.(at, values, done) : undefined;
}

/** What can be told above the form; for all else there is a page of its own. */
function isTold(error: unknown): boolean {
  return error instanceof AuthError || error instanceof DatabaseUnavailable;
}

/** The API's rule. A page that hides its own address makes older browsers hide its origin too: then the form's token decides. */
function requireOwnOrigin(c: RequestContext, { settings }: Service): void {
  const isHidden = c.req.header("Origin") === "null" && c.req.header("Sec-Fetch-Site") === undefined;
  if (!isHidden) requireSameOrigin(c, settings);
}
