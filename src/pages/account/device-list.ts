import { html } from "hono/html";
import type { SessionInfo } from "../../auth/auth.ts";
import { messages } from "../../languages/languages.ts";
import type { PublicUser } from "../../user.ts";
import { detectDeviceKind } from "../../values/device-kind.ts";
import { button, form, hiddenField } from "../kit/form.ts";
import type { Html } from "../kit/layout.ts";
import { home } from "../kit/return-to.ts";
import type { Visit } from "../kit/visit.ts";

const devicesPerPage = 10;
/** No account has more sessions. */
const maxDevices = 1000;

/** Returns one page of the account's devices. */
export async function deviceList(visit: Visit, user: PublicUser): Promise<Html> {
  const { c, service, words, urlFor } = visit;
  const part = words.account;
  const asked = readFirstIndex(c.req.query("from"));
  // Reads up to the end of the requested page. If the account has fewer devices by now, shows its last page.
  const { sessions, next } = await service.auth.sessions.page(visit.sessionId, { limit: asked + devicesPerPage });
  const from = Math.min(asked, pageStart(sessions.length - 1));
  const link = (
    first: number,
    name: string,
  ) => html`<a class="link" href="${urlFor(home, { from: String(first) })}#devices">${name}</a>
`;
  const before = from > 0 && link(from - devicesPerPage, part.fewerDevices);
  const after = next !== null && link(from + devicesPerPage, part.moreDevices);
  // This device comes first.
  const ordered = sessions.toSorted((a, b) => Number(b.current) - Number(a.current));
  const others = form(visit, {
    action: "/account/devices",
    user,
    body: html`<div>${button(part.logOutOthers, "plain low")}</div>`,
  });
  return html`<section class="card" aria-labelledby="devices">
<div><h2 id="devices">${part.devices}</h2>
<p class="soft">${part.devicesText}</p></div>
<ul class="list">
${ordered.slice(from, from + devicesPerPage).map((each, i) => deviceRow(visit, each, { user, from, lastSeenId: `seen-${i}` }))}</ul>
${(before || after) && html`<p class="pages">${before}${after}</p>\n`}${sessions.length > 1 && others}</section>
`;
}

/** Returns the index of the first device on the requested page. */
function readFirstIndex(asked: string | undefined): number {
  const wanted = Math.min(Number(asked ?? 0), maxDevices - 1);
  return wanted > 0 ? pageStart(wanted) : 0;
}

/** Returns the index of the first device on the page that contains this index. */
function pageStart(place: number): number {
  return Math.max(0, Math.floor(place / devicesPerPage) * devicesPerPage);
}

interface RowOptions {
  readonly user: PublicUser;
  /** Index of the page's first device. */
  readonly from: number;
  /** Id of the element that distinguishes devices of the same name. */
  readonly lastSeenId: string;
}

function deviceRow(
  visit: Visit,
  { id, current, user_agent, ip, last_seen_at, created_at }: SessionInfo,
  { user, from, lastSeenId: line }: RowOptions,
): Html {
  const { words, language } = visit;
  const part = words.account;
  const device = detectDeviceKind(user_agent);
  const speech = messages[language];
  const known = device ? speech.device(device.browser, device.system) : speech.unknownDevice;
  const name = known.slice(0, 1).toUpperCase() + known.slice(1);
  const seen = new Date(last_seen_at ?? created_at ?? 0);
  const end = html`${hiddenField("session", id)}<button class="button plain low" aria-label="${part.logOutNamedDevice(known)}" aria-describedby="${line}">${part.logOutDevice}</button>`;
  return html`<li class="row"><div><h3>${name} ${current && html`<span class="badge good">${part.thisDevice}</span>`}</h3>
<p class="soft small" id="${line}">${part.lastSeen} <time datetime="${seen.toISOString()}" data-relative>${formatTime(seen, language)}</time>${ip && html` <span class="whole">· <bdi>${ip}</bdi></span>`}</p></div>
${!current && form(visit, { action: "/account/devices", user, query: { from: from > 0 ? String(from) : undefined }, body: end })}</li>
`;
}

function formatTime(time: Date, language: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  return `${new Intl.DateTimeFormat(language, options).format(time)} UTC`;
}
