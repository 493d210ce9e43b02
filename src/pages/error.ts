import { html } from "hono/html";
import type { RefusalCode } from "../errors.ts";
import type { ResponseHeaders } from "../http/answers.ts";
import type { Refusal } from "../http/refusals.ts";
import type { Assets } from "./kit/assets.ts";
import { renderPage } from "./kit/layout.ts";
import { toProblem } from "./kit/problem.ts";
import { home, resolveReturnTo } from "./kit/return-to.ts";
import type { Visit } from "./kit/visit.ts";

/** Returns the page of an error that no form shows. */
export function errorPage(visit: Visit, assets: Assets, refused: Refusal, headers: ResponseHeaders): Response {
  const { c, words, urlFor, token, returnTo: return_to } = visit;
  const { code, status } = refused;
  const titles: Partial<Record<RefusalCode, string>> = {
    not_found: words.errors.notFound,
    internal: words.errors.internal,
    busy: words.errors.unavailable,
    database_unavailable: words.errors.unavailable,
  };
  const again = urlFor(resolveReturnTo(c.req.path, []), { token, return_to });
  const [way, name] =
    status >= 500
      ? [again, words.errors.tryAgain]
      : code === "not_logged_in"
        ? [urlFor("/login"), words.logIn.submit]
        : [urlFor(home), words.errors.home];
  const problem = { ...toProblem(visit, refused), field: undefined, headers };
  const title = titles[code] ?? words.errors.failed;
  const view = { title, secret: true, body: html`<a class="button" href="${way}">${name}</a>\n` };
  return renderPage(visit, assets, view, problem);
}
