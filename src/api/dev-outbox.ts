import { createHash } from "node:crypto";
import { accepts } from "hono/accepts";
import { html, raw } from "hono/html";
import { RequestError } from "../http/refusals.ts";
import type { Resource, Service } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";
import type { DevOutbox, WaitingMail } from "../mail/mail.ts";

/** The mails that wait while no server sends them: a page for people, JSON for programs, on this machine alone. */
export function devOutbox({ answers, outbox }: Service): Resource {
  return {
    GET(c) {
      if (outbox === undefined || !isFromThisMachine(c)) throw new RequestError("not_found", "nothing is here");
      const supports = ["text/html", "application/json"];
      const type = accepts(c, { header: "Accept", supports, default: "text/html" });
      if (type === "application/json") return answers.json(200, { mails: outbox.mails });
      const headers = { "Content-Type": "text/html; charset=utf-8", ...policy(outbox) };
      return answers.content(200, page(outbox.mails), headers);
    },
  };
}

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

/** No script, and no style but this page's and the mails', each by its hash: a frame by `srcdoc` is under it too. */
function policy({ styles }: DevOutbox) {
  const hashes = [sheet, ...styles].map((style) => `'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  const policies = [
    "default-src 'none'",
    `style-src 'unsafe-hashes' ${hashes.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { "Content-Security-Policy": policies.join("; ") };
}

function page(mails: readonly WaitingMail[]): string {
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
<p>Mails wait here, the newest first, because no SMTP_URL is set. They are gone when the service stops.</p>
${mails.length === 0 ? html`<p>There are none yet.</p>\n` : mails.map(shown)}</main>
</body>
</html>
`);
}

function shown({ kind, to, subject, text, html: content, at }: WaitingMail) {
  return html`<article>
<h2>${subject}</h2>
<p>to ${to} · ${kind} · <time datetime="${at}">${at.slice(0, 19).replace("T", " ")} UTC</time></p>
<iframe title="${subject}" srcdoc="${content}" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<details><summary>As text</summary><pre>${text}</pre></details>
</article>
`;
}
