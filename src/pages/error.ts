import { html } from "hono/html";
import type { RefusalCode } from "../errors.ts";
import type { ResponseHeaders } from "../http/answers.ts";
import type { Refusal } from "../http/refusals.ts";
import type { Assets } from "./kit/assets.ts";
import { renderPage, type View } from "./kit/layout.ts";
import { toProblem } from "./kit/problem.ts";
import { home, resolveReturnTo } from "./kit/return-to.ts";
import type { Visit } from "./kit/visit.ts";

/** Returns the page for an error that is not shown on a form. */
export function errorPage(visit: Visit, assets: Assets, refusal: Refusal, headers: ResponseHeaders): Response {
  const { c, texts, urlFor, token, returnTo: return_to } = visit;
  const { code, status } = refusal;
  const titles: Partial<Record<RefusalCode, string>> = {
    not_found: texts.errors.notFound,
    internal: texts.errors.internal,
    busy: texts.errors.unavailable,
    database_unavailable: texts.errors.unavailable,
  };
  const thisPage = urlFor(resolveReturnTo(c.req.path, []), { token, return_to });
  const [href, name] =
    status >= 500
      ? [thisPage, texts.errors.tryAgain]
      : code === "not_logged_in"
        ? [urlFor("/login"), texts.logIn.submit]
        : [urlFor(home), texts.errors.home];
  const problem = { ...toProblem(visit, refusal), field: undefined, headers };
  const title = titles[code] ?? texts.errors.failed;
  const view: View = { title, hasSecretUrl: true, body: html`<a class="button" href="${href}">${name}</a>\n` };
  return renderPage(visit, assets, view, problem);
}
