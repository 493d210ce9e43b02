import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { RefusalCode } from "../../errors.ts";
import { errorCodes } from "../../http/error-codes.ts";
import { languages, messages } from "../../languages/languages.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import { type Assets, firstLetter } from "./assets.ts";
import { noticeCookie } from "./notice.ts";
import type { Problem } from "./problem.ts";
import { resolveReturnTo } from "./return-to.ts";
import type { Visit } from "./visit.ts";

/** HTML in which the `html` template tag has escaped every value. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface View {
  readonly title: string;
  readonly body: Html;
  readonly isWide?: boolean;
  /** True if the URL of the page can contain a token. The response then has `Referrer-Policy: no-referrer`. */
  readonly hasSecretUrl?: boolean;
  /** Replaces the problem of the form. */
  readonly problem?: Problem | undefined;
  /** `Error-Code` of a page that reports an error without a `Problem`. It also determines the status. */
  readonly code?: RefusalCode | undefined;
  /** Replaces the message of the problem or the notice. */
  readonly message?: Html | undefined;
  readonly headerLink?: Html;
}

/**
 * Returns the response with the page of a view. Clears the notice cookie if the page shows the notice or the notice is obsolete.
 */
export function renderPage(visit: Visit, assets: Assets, view: View, formProblem?: Problem): Response {
  const { service, cookies, texts } = visit;
  const { settings } = service;
  const problem = view.problem ?? formProblem;
  const notice = problem ? undefined : noticeMessage(visit);
  if (notice !== undefined || isObsoleteNotice(visit)) cookies.push(noticeCookie(settings).clear);
  const resetPasswordLink = problem?.code === "locked" ? resetLink(visit) : undefined;
  const message = view.message ?? (problem ? errorMessage(problem.message, problem.field, resetPasswordLink) : notice);
  const code = problem ? (problem.code === "locked" ? "too_many_tries" : problem.code) : view.code;
  const status = problem?.status ?? (view.code ? errorCodes[view.code].status : 200);
  const title = code === undefined ? view.title : texts.errorTitle(view.title);
  return service.answers.content(status, String(pageHtml(visit, assets, title, view, message)), {
    "Content-Type": "text/html; charset=utf-8",
    ...(code !== undefined && { "Error-Code": code }),
    "Content-Security-Policy": contentSecurityPolicy(settings.RETURN_ORIGINS),
    ...(view.hasSecretUrl && { "Referrer-Policy": "no-referrer" }),
    ...(problem?.retryAfter !== undefined && { "Retry-After": String(problem.retryAfter) }),
    ...problem?.headers,
    ...(cookies.length > 0 && { "Set-Cookie": cookies }),
  });
}

/** `form-action` includes the origins of `return_to`, because browsers also apply the directive to the redirect after a form. */
function contentSecurityPolicy(returnOrigins: readonly string[]): string {
  const own = ["style-src", "script-src", "img-src"].map((directive) => `${directive} 'self'`);
  const forms = ["form-action 'self'", ...returnOrigins].join(" ");
  return ["default-src 'none'", ...own, forms, "base-uri 'none'", "frame-ancestors 'none'"].join("; ");
}

/** Returns true if no later page shows the notice: a typed address, or a login notice on a page other than the login page. */
function isObsoleteNotice({ c, notice }: Visit): boolean {
  if (!notice) return false;
  return notice.code === "typed" || (c.req.path !== "/login" && loginNotices.some((code) => code === notice.code));
}

/** Notices that only the login page shows. */
const loginNotices: readonly NoticeCode[] = [
  "registered",
  "logged_out",
  "session_ended",
  "login_needed",
  "password_reset",
  "account_deleted",
];

function noticeMessage(visit: Visit): Html | undefined {
  const { notice, texts } = visit;
  if (!notice || !Object.hasOwn(texts.notices, notice.code)) return undefined;
  const code = notice.code as NoticeCode;
  if (isObsoleteNotice(visit)) return undefined;
  return statusMessage(texts.notices[code], code === "session_ended" || code === "login_needed" ? "plain" : "good");
}

/** Returns an alert that screen readers announce when the page opens. If `field` is given, the message links to that field. */
export function errorMessage(message: string, field?: string, more?: Html): Html {
  return html`<div class="message bad" role="alert" tabindex="-1" autofocus>
<p>${field === undefined ? message : html`<a href="#${field}">${message}</a>`}</p>
${more}</div>
`;
}

/** Returns a paragraph with a link that keeps `return_to`. */
export function linkTo({ urlFor, returnTo: return_to }: Visit, path: string, name: string): Html {
  return html`<p><a href="${urlFor(path, { return_to })}">${name}</a></p>\n`;
}

export function resetLink(visit: Visit): Html {
  return linkTo(visit, "/forgot", visit.texts.logIn.reset);
}

/** Returns a message that screen readers announce when the page opens. */
export function statusMessage(message: string, look: "good" | "plain" = "good"): Html {
  return html`<p class="message ${look}" role="status">${message}</p>
`;
}

/** Returns a message that screen readers do not announce. */
export function infoMessage(message: string): Html {
  return html`<p class="message plain">${message}</p>
`;
}

function pageHtml(visit: Visit, assets: Assets, headTitle: string, view: View, message: Html | undefined): Html {
  const { language, service } = visit;
  const { SERVICE_NAME: name } = service.settings;
  const { style, script, icon, logo } = assets;
  const { title, body, isWide = false, headerLink } = view;
  const brand = logo
    ? html`<img src="${logo.path}" alt="${name}">`
    : html`<span class="mark" aria-hidden="true">${firstLetter(name)}</span><bdi>${name}</bdi>`;
  const main = html`<h1>${title}</h1>
${message}${body}`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${headTitle} · ${name}</title>
<link rel="icon" href="${icon.path}">
<link rel="stylesheet" href="${style.path}">
<script type="module" src="${script.path}"></script>
</head>
<body${isWide && html` class="wide"`}>
<header>
<a class="brand" href="${visit.urlFor("/account")}">${brand}</a>
${headerLink}</header>
<main>
${isWide ? main : html`<div class="card">\n${main}</div>\n`}</main>
${footer(visit, view)}</body>
</html>
`;
}

function footer({ c, language, texts, returnTo, token, urlFor, service }: Visit, { hasSecretUrl }: View): Html {
  const { SUPPORT_EMAIL, TERMS_URL, PRIVACY_URL } = service.settings;
  // A link to the path `//example.com` would lead to another host.
  const path = resolveReturnTo(c.req.path, []);
  const query = { return_to: returnTo, token: hasSecretUrl ? token : undefined };
  const languageLinks = languages.map((each) =>
    each === language
      ? html`<li lang="${each}" aria-current="true">${messages[each].pages.language}</li>\n`
      : html`<li><a href="${urlFor(path, { ...query, lang: each })}" lang="${each}" hreflang="${each}">${messages[each].pages.language}</a></li>\n`,
  );
  const links = {
    [texts.support]: SUPPORT_EMAIL && `mailto:${SUPPORT_EMAIL}`,
    [texts.terms]: TERMS_URL,
    [texts.privacy]: PRIVACY_URL,
  };
  return html`<footer>
<nav aria-label="${texts.languages}"><ul>
${languageLinks}</ul></nav>
${Object.entries(links).map(([name, href]) => href && html`<a href="${href}">${name}</a>\n`)}</footer>
`;
}
