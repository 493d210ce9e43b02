import { html } from "hono/html";
import type { SessionInfo } from "../../auth/auth.ts";
import { messages } from "../../languages/languages.ts";
import type { PublicUser } from "../../user.ts";
import { detectDeviceKind } from "../../values/device-kind.ts";
import { button, form, hidden } from "../kit/form.ts";
import type { Html } from "../kit/layout.ts";
import { home } from "../kit/return-to.ts";
import type { Visit } from "../kit/visit.ts";

/** Of those who have more devices, the others are on pages of their own. */
const devicesShown = 10;
/** Nobody has more sessions than this. */
const mostDevices = 1000;

/** The part of the account page that lists its devices. */
export async function deviceList(visit: Visit, person: PublicUser): Promise<Html> {
  const { c, service, words, to } = visit;
  const part = words.account;
  const asked = firstAsked(c.req.query("from"));
  // Up to the last one of the page that was asked for: of the last page, if there are no longer as many.
  const { sessions, next } = await service.auth.sessions.page(visit.sessionId, { limit: asked + devicesShown });
  const from = Math.min(asked, firstOfPage(sessions.length - 1));
  const link = (
    first: number,
    name: string,
  ) => html`<a class="link" href="${to(home, { from: String(first) })}#devices">${name}</a>
`;
  const before = from > 0 && link(from - devicesShown, part.fewerDevices);
  const after = next !== null && link(from + devicesShown, part.moreDevices);
  // This device first: it is the one that people look for.
  const ordered = sessions.toSorted((a, b) => Number(b.current) - Number(a.current));
  const others = form(visit, {
    action: "/account/devices",
    of: person,
    body: html`<div>${button(part.logOutOthers, "plain low")}</div>`,
  });
  return html`<section class="card" aria-labelledby="devices">
<div><h2 id="devices">${part.devices}</h2>
<p class="soft">${part.devicesText}</p></div>
<ul class="list">
${ordered.slice(from, from + devicesShown).map((each, i) => deviceRow(visit, each, { person, from, seen: `seen-${i}` }))}</ul>
${(before || after) && html`<p class="pages">${before}${after}</p>\n`}${sessions.length > 1 && others}</section>
`;
}

/** The index of the first device on the page that a URL names. */
function firstAsked(asked: string | undefined): number {
  const wanted = Math.min(Number(asked ?? 0), mostDevices - 1);
  return wanted > 0 ? firstOfPage(wanted) : 0;
}

/** The index of the first device on the page that has the device at this index. */
function firstOfPage(place: number): number {
  return Math.max(0, Math.floor(place / devicesShown) * devicesShown);
}

interface Place {
  readonly person: PublicUser;
  /** The first device of its page. */
  readonly from: number;
  /** The id of the line that tells it from others of its name. */
  readonly seen: string;
}

function deviceRow(
  visit: Visit,
  { id, current, user_agent, ip, last_seen_at, created_at }: SessionInfo,
  { person, from, seen: line }: Place,
): Html {
  const { words, language } = visit;
  const part = words.account;
  const device = detectDeviceKind(user_agent);
  const speech = messages[language];
  const known = device ? speech.device(device.browser, device.system) : speech.unknownDevice;
  const name = known.slice(0, 1).toUpperCase() + known.slice(1);
  const seen = new Date(last_seen_at ?? created_at ?? 0);
  const end = html`${hidden("session", id)}<button class="button plain low" aria-label="${part.logOutNamedDevice(known)}" aria-describedby="${line}">${part.logOutDevice}</button>`;
  return html`<li class="row"><div><h3>${name} ${current && html`<span class="badge good">${part.thisDevice}</span>`}</h3>
<p class="soft small" id="${line}">${part.lastSeen} <time datetime="${seen.toISOString()}" data-relative>${moment(seen, language)}</time>${ip && html` <span class="whole">· <bdi>${ip}</bdi></span>`}</p></div>
${!current && form(visit, { action: "/account/devices", of: person, query: { from: from > 0 ? String(from) : undefined }, body: end })}</li>
`;
}

function moment(time: Date, language: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  return `${new Intl.DateTimeFormat(language, options).format(time)} UTC`;
}
