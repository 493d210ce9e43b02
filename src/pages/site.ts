import { AuthError, DatabaseUnavailable } from "../errors.ts";
import type { Headers } from "../http/answers.ts";
import type { Request } from "../http/caller.ts";
import { readFields } from "../http/fields.ts";
import { notFound, type Refusal, RequestError } from "../http/refusals.ts";
import { requireSameOrigin } from "../http/same-origin.ts";
import type { Service } from "../http/service.ts";
import { errorPage } from "./error.ts";
import { createAssets, findAsset } from "./kit/assets.ts";
import type { Filled, Page } from "./kit/form.ts";
import { present } from "./kit/layout.ts";
import { missing, ofAnotherAccount, problemOf, stale } from "./kit/problem.ts";
import { askToLogIn, isFor, originOf, type Values, type Visit, visit } from "./kit/visit.ts";

/** The pages of one service, as they are asked for. */
export interface Site {
  show(c: Request, page: Page): Promise<Response>;
  submit(c: Request, page: Page): Promise<Response>;
  asset(c: Request): Response;
  refuse(c: Request, refused: Refusal, headers?: Headers): Promise<Response>;
}

export function createSite(service: Service): Site {
  const { settings, answers } = service;
  const assets = createAssets(settings);

  const showing = async (at: Visit, page: Page, filled: Filled) => {
    const view = await page.show(at, filled);
    return view instanceof Response ? view : present(at, assets, view, filled.problem);
  };

  /**
   * The answer to a form that this browser sent a moment ago and sends again, such as by a double click; undefined for any
   * other.
   */
  const again = async (at: Visit, page: Page, values: Values) => {
    const done = page.again && (await service.auth.acts.justDone(at.caller));
    return done ? page.again?.(at, values, done) : undefined;
  };

  return {
    show: async (c, page) => showing(await visit(service, c), page, { values: {} }),

    async submit(c, page) {
      requireOwnOrigin(c, service);
      const fields = page.fields ?? {};
      const values = await readFields(c, "form_token", "form_id", "return_to", ...Object.keys(fields));
      const at = await visit(service, c, values);
      const { isOwn, account } = originOf(at, values);
      if (!isOwn || (page.isAccounts && account === undefined)) {
        // The account is unknown: what was typed for it must not be shown to another.
        return showing(at, page, { values: page.isAccounts ? {} : values, problem: stale(at) });
      }
      if (account !== undefined) {
        const user = await service.auth.getUserFromSessionId(at.sessionId);
        if (user && !isFor(at, account, user.id)) {
          const again = page.isAccounts ? page : (await import("./account/account.ts")).account;
          return showing(at, again, { values: {}, problem: ofAnotherAccount(at, user.email) });
        }
      }
      const empty = Object.entries(fields).find(
        ([name, isNeeded]) =>
          values[name] === undefined && (typeof isNeeded === "function" ? isNeeded(values) : isNeeded),
      );
      if (empty) return showing(at, page, { values, problem: missing(at, empty[0]) });
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
        return showing(at, page, { values, problem: problemOf(at, service.refused(error, c)) });
      }
      throw new RequestError("method_not_allowed", "nothing can be sent here");
    },

    asset(c) {
      const found = findAsset(assets, c.req.path);
      if (!found) throw notFound();
      const { asset, isExact } = found;
      return answers.content(200, asset.content, {
        "Content-Type": asset.type,
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        // The path contains the hash of its content, so it never changes. A response under another version's path must not be
        // cached.
        ...(isExact && { "Cache-Control": "public, max-age=31536000, immutable" }),
      });
    },

    refuse: async (c, refused, headers = {}) => errorPage(await visit(service, c), assets, refused, headers),
  };
}

/** What can be told above the form; for all else there is a page of its own. */
function isTold(error: unknown): boolean {
  return error instanceof AuthError || error instanceof DatabaseUnavailable;
}

/** The API's rule. A page that hides its own address makes older browsers hide its origin too: then the form's token decides. */
function requireOwnOrigin(c: Request, { settings }: Service): void {
  const isHidden = c.req.header("Origin") === "null" && c.req.header("Sec-Fetch-Site") === undefined;
  if (!isHidden) requireSameOrigin(c, settings);
}
