import { html } from "hono/html";
import type { RefusalCode } from "../errors.ts";
import type { ResponseHeaders } from "../http/answers.ts";
import type { Refusal } from "../http/refusals.ts";
import type { Assets } from "./kit/assets.ts";
import { renderPage, type View } from "./kit/layout.ts";
import { toProblem } from "./kit/problem.ts";
import { home, resolveReturnTo } from "./kit/return-to.ts";
import type { Visit } from "./kit/visit.ts";

/** Returns the page of an error that no form shows. */
export function errorPage(visit: Visit, assets: Assets, refusal: Refusal, headers: ResponseHeaders): Response {
  const { c, words, urlFor, token, returnTo: return_to } = visit;
  const { code, status } = refusal;
  const titles: Partial<Record<RefusalCode, string>> = {
    not_found: words.errors.notFound,
    internal: words.errors.internal,
    busy: words.errors.unavailable,
    database_unavailable: words.errors.unavailable,
  };
  const thisPage = urlFor(resolveReturnTo(c.req.path, []), { token, return_to });
  const [href, name] =
    status >= 500
      ? [thisPage, words.errors.tryAgain]
      : code === "not_logged_in"
        ? [urlFor("/login"), words.logIn.submit]
        : [urlFor(home), words.errors.home];
  const problem = { ...toProblem(visit, refusal), field: undefined, headers };
  const title = titles[code] ?? words.errors.failed;
  const view: View = { title, hasSecretUrl: true, body: html`<a class="button" href="${href}">${name}</a>\n` };
  return renderPage(visit, assets, view, problem);
}
