import { createHash } from "node:crypto";
import { accepts } from "hono/accepts";
import { html, raw } from "hono/html";
import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import { notFoundError } from "../http/refusals.ts";
import type { Resource } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";
import type { DevOutbox, UnsentMail } from "../mail/mail.ts";

/**
 * The emails that are kept in memory if SMTP_URL is not set. Other machines must not read the emails, because they contain
 * tokens.
 */
export const devOutbox: Resource = {
  GET: endpoint(
    {
      summary:
        "Shows the emails that were not sent because SMTP_URL is not set, only in development and only to the same machine.",
      answers: () => ({
        200: {
          description: "The newest 50 emails, as HTML or, if `Accept` prefers it, as JSON.",
          content: ["text/html"],
          json: z.object({
            mails: z
              .array(
                z.object({
                  kind: z.string().describe("The kind of email, such as `reset_password`."),
                  to: z.string().describe("The address of the recipient."),
                  subject: z.string().describe("The subject."),
                  text: z.string().describe("The body as plain text."),
                  html: z.string().describe("The body as HTML."),
                  at: z.iso.datetime().describe("The time of the event that the email reports."),
                }),
              )
              .readonly()
              .describe("The emails, newest first."),
          }),
          headers: { "Content-Security-Policy": "Allows the styles of the emails." },
        },
      }),
      refusals: ["not_found"],
    },
    ({ answers, outbox, settings }) => {
      if (outbox === undefined || settings.NODE_ENV === "production") return null;
      return (c) => {
        if (!isFromThisMachine(c)) throw notFoundError();
        const supports = ["text/html", "application/json"];
        const type = accepts(c, { header: "Accept", supports, default: "text/html" });
        if (type === "application/json") return answers.json(200, { mails: outbox.mails });
        const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(outbox) };
        return answers.content(200, page(outbox.mails), headers);
      };
    },
  ),
};

const sheet = `
:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.125rem; }
p { margin: .25rem 0 .75rem; opacity: .8; }
article { margin: 1.5rem 0; padding: 1rem; border: 1px solid #8886; border-radius: .75rem; }
iframe { width: 100%; height: 40rem; border: 0; border-radius: .5rem; resize: vertical; }
time { white-space: nowrap; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; }
`;

/**
 * Allows no scripts, and allows the styles of this page and of the emails by hash. The policy also applies to `srcdoc` frames.
 */
function policy({ styles }: DevOutbox): string {
  const hashes = [sheet, ...styles].map((style) => `'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  return [
    "default-src 'none'",
    `style-src 'unsafe-hashes' ${hashes.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function page(mails: readonly UnsentMail[]): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox (${mails.length})</title>
<style>${raw(sheet)}</style>
</head>
<body>
<main>
<h1>Outbox</h1>
<p>SMTP_URL is not set, so emails are not sent but listed here, newest first. They are lost when the service stops.</p>
${mails.length === 0 ? html`<p>No emails yet.</p>\n` : mails.map(article)}</main>
</body>
</html>
`);
}

function article({ kind, to, subject, text, html: content, at }: UnsentMail) {
  return html`<article>
<h2>${subject}</h2>
<p>to ${to} · ${kind} · <time datetime="${at}">${at.slice(0, 19).replace("T", " ")} UTC</time></p>
<iframe title="${subject}" srcdoc="${content}" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<details><summary>As text</summary><pre>${text}</pre></details>
</article>
`;
}
