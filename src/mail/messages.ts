import { html, raw } from "hono/html";
import { messages } from "../languages/languages.ts";
import type { Settings } from "../settings/settings.ts";
import { isDeviceKind } from "../values/device-kind.ts";
import { formatLifetime } from "../values/durations.ts";
import { undoLifetime } from "../values/undo-lifetime.ts";
import type { Language, Mail, MailKind } from "./mailer.ts";

/** The content of an email. */
export interface Message {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export type MessageSettings = Pick<
  Settings,
  "PUBLIC_URL" | "SERVICE_NAME" | "SUPPORT_EMAIL" | "RESET_TOKEN_LIFETIME" | "VERIFY_TOKEN_LIFETIME"
>;

/** The path of the link in each kind of email. The token is appended to a path that ends with `=`. */
const links: Readonly<Record<MailKind, string>> = {
  confirm_email: "/verify?token=",
  already_registered: "/login",
  invitation: "/reset?token=",
  reset_password: "/reset?token=",
  password_changed: "/forgot",
  new_device: "/forgot",
  email_changing: "/forgot",
  email_changed: "/undo-email-change?token=",
  email_change_undone: "/",
  account_deleted: "/",
  account_removed: "/",
  confirm_new_email: "/verify?token=",
  test: "/",
};

/**
 * Creates the content of an email: the subject, and the same text and links in plain text and in HTML. The only variable parts
 * are settings, a token, times, a number of events and a device from a closed list, so an attacker cannot insert text.
 *
 * @throws {Error} if a required token is missing, or a token is given for a kind of email without one
 */
export function compose(mail: Mail, settings: MessageSettings): Message {
  const { PUBLIC_URL, SERVICE_NAME: service } = settings;
  const { greeting, plainLink, introduceLink, mails } = messages[mail.language];
  const lifetime = findLifetime(mail, settings);
  const time = (at: number) => `${createTimeFormat(mail.language).format(at)} UTC`;
  const { subject, before, link, after } = mails[mail.kind]({
    service,
    support: settings.SUPPORT_EMAIL,
    lifetime: formatLifetime(lifetime, mail.language),
    time: time(mail.at),
    until: time(mail.at + lifetime),
    device: describeDevice(mail.language, mail.device),
    times: mail.times ?? 1,
    forgot: `${PUBLIC_URL}/forgot`,
  });
  const url = PUBLIC_URL + createPath(mail);
  return {
    subject,
    text: `${[greeting, ...before, `${introduceLink(link)}\n${url}`, ...after, `-- \n${service}\n${PUBLIC_URL}`].join("\n\n")}\n`,
    html: renderHtml({ language: mail.language, subject, service, home: PUBLIC_URL, url, link, plainLink }, [
      [greeting, ...before],
      after,
    ]),
  };
}

/** Returns the lifetime of the link in milliseconds. */
function findLifetime({ kind }: Mail, settings: MessageSettings): number {
  if (kind === "email_changed") return undoLifetime;
  return links[kind] === links.reset_password ? settings.RESET_TOKEN_LIFETIME : settings.VERIFY_TOKEN_LIFETIME;
}

function createPath({ kind, token }: Mail): string {
  const link = links[kind];
  if (link.endsWith("=") !== Boolean(token))
    throw new Error(`an email of kind ${kind} ${token ? "has no" : "requires a"} token`);
  return token ? link + encodeURIComponent(token) : link;
}

function describeDevice(language: Language, device: Mail["device"]): string {
  const words = messages[language];
  return device && isDeviceKind(device) ? words.device(device.browser, device.system) : words.unknownDevice;
}

function createTimeFormat(language: Language) {
  return new Intl.DateTimeFormat(language, {
    dateStyle: "long",
    timeStyle: "short",
    hourCycle: "h23",
    timeZone: "UTC",
  });
}

// Inline styles, because many email clients ignore style sheets. The style sheet below adds only the dark theme.
const styles = {
  body: "margin:0;padding:24px 12px;background:#f4f4f5;color:#18181b;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif",
  card: "max-width:520px;margin:0 auto;padding:28px 28px 20px;background:#ffffff;border:1px solid #e4e4e7;border-radius:12px;overflow-wrap:anywhere",
  name: "margin:0 0 20px;font-size:18px;font-weight:600",
  paragraph: "margin:0 0 16px",
  button:
    "display:inline-block;padding:12px 22px;background:#1d4ed8;color:#ffffff;border-radius:8px;font-weight:600;text-decoration:none",
  small: "margin:0 0 16px;font-size:13px;color:#52525b",
  link: "color:#1d4ed8;overflow-wrap:anywhere",
  foot: "margin:24px 0 0;padding-top:16px;border-top:1px solid #e4e4e7;font-size:13px;color:#52525b",
} as const;

const sheet = `:root{color-scheme:light dark}@media (prefers-color-scheme:dark){.body{background:#18181b!important;color:#f4f4f5!important}.card{background:#27272a!important;border-color:#3f3f46!important}.link{color:#93c5fd!important}.small,.foot{color:#a1a1aa!important;border-color:#3f3f46!important}}`;

/** The styles of all emails, for a Content-Security-Policy that allows only these. */
export const allStyles: readonly string[] = [sheet, ...Object.values(styles)];

interface HtmlContent {
  readonly language: Language;
  readonly subject: string;
  readonly service: string;
  readonly home: string;
  readonly url: string;
  readonly link: string;
  readonly plainLink: string;
}

function renderHtml(
  { language, subject, service, home, url, link, plainLink }: HtmlContent,
  [above, below]: [readonly string[], readonly string[]],
): string {
  const paragraph = (text: string) => html`<p style="${styles.paragraph}">${renderText(text)}</p>\n`;
  return String(html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${subject}</title>
<style>${raw(sheet)}</style>
</head>
<body class="body" style="${styles.body}">
<div class="card" style="${styles.card}">
<p style="${styles.name}">${service}</p>
${above.map(paragraph)}<p style="${styles.paragraph}"><a style="${styles.button}" href="${url}" target="_blank">${link}</a></p>
<p class="small" style="${styles.small}">${plainLink}<br>${renderLink(url)}</p>
${below.map(paragraph)}<p class="foot" style="${styles.foot}">${service}<br>${renderLink(home)}</p>
</div>
</body>
</html>
`);
}

/** Renders the URLs in a paragraph as links. All of these URLs come from the service. */
function renderText(text: string) {
  return text.split(/(https?:\/\/\S+)/).map((part, i) => (i % 2 === 1 ? renderLink(part) : part));
}

function renderLink(url: string) {
  return html`<a class="link" style="${styles.link}" href="${url}" target="_blank">${url}</a>`;
}
