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
/** An account cannot have more sessions. */
const maxDevices = 1000;

/** Returns one page of the account's devices. */
export async function deviceList(visit: Visit, user: PublicUser): Promise<Html> {
  const { c, service, texts, urlFor } = visit;
  const accountTexts = texts.account;
  const requested = readFirstIndex(c.req.query("from"));
  // Reads the list up to the end of the requested page. If the account now has fewer devices, shows the last page.
  const { sessions, next } = await service.auth.sessions.listPage(visit.sessionId, {
    limit: requested + devicesPerPage,
  });
  const from = Math.min(requested, pageStart(sessions.length - 1));
  const link = (
    first: number,
    name: string,
  ) => html`<a class="link" href="${urlFor(home, { from: String(first) })}#devices">${name}</a>
`;
  const previousLink = from > 0 && link(from - devicesPerPage, accountTexts.previousDevices);
  const nextLink = next !== null && link(from + devicesPerPage, accountTexts.nextDevices);
  const currentFirst = sessions.toSorted((a, b) => Number(b.current) - Number(a.current));
  const logOutOthersForm = form(visit, {
    action: "/account/devices",
    user,
    body: html`<div>${button(accountTexts.logOutOthers, "plain low")}</div>`,
  });
  return html`<section class="card" aria-labelledby="devices">
<div><h2 id="devices">${accountTexts.devices}</h2>
<p class="soft">${accountTexts.devicesText}</p></div>
<ul class="list">
${currentFirst.slice(from, from + devicesPerPage).map((each, i) => deviceRow(visit, each, { user, from, lastSeenId: `seen-${i}` }))}</ul>
${(previousLink || nextLink) && html`<p class="pages">${previousLink}${nextLink}</p>\n`}${sessions.length > 1 && logOutOthersForm}</section>
`;
}

/** Returns the index of the first device on the requested page. */
function readFirstIndex(requested: string | undefined): number {
  const index = Math.min(Number(requested ?? 0), maxDevices - 1);
  return index > 0 ? pageStart(index) : 0;
}

/** Returns the index of the first device on the page that contains this index. */
function pageStart(index: number): number {
  return Math.max(0, Math.floor(index / devicesPerPage) * devicesPerPage);
}

interface RowOptions {
  readonly user: PublicUser;
  /** Index of the page's first device. */
  readonly from: number;
  /** Id of the element by which screen readers distinguish devices with the same name. */
  readonly lastSeenId: string;
}

function deviceRow(
  visit: Visit,
  { id, current, user_agent, ip, last_seen_at, created_at }: SessionInfo,
  { user, from, lastSeenId }: RowOptions,
): Html {
  const { texts, language } = visit;
  const accountTexts = texts.account;
  const device = detectDeviceKind(user_agent);
  const languageTexts = messages[language];
  const deviceName = device ? languageTexts.device(device.browser, device.system) : languageTexts.unknownDevice;
  const title = deviceName.slice(0, 1).toUpperCase() + deviceName.slice(1);
  const seen = new Date(last_seen_at ?? created_at ?? 0);
  const logOutButton = html`${hiddenField("session", id)}<button class="button plain low" aria-label="${accountTexts.logOutNamedDevice(deviceName)}" aria-describedby="${lastSeenId}">${accountTexts.logOutDevice}</button>`;
  return html`<li class="row"><div><h3>${title} ${current && html`<span class="badge good">${accountTexts.thisDevice}</span>`}</h3>
<p class="soft small" id="${lastSeenId}">${accountTexts.lastSeen} <time datetime="${seen.toISOString()}" data-relative>${formatTime(seen, language)}</time>${ip && html` <span class="whole">· <bdi>${ip}</bdi></span>`}</p></div>
${!current && form(visit, { action: "/account/devices", user, query: { from: from > 0 ? String(from) : undefined }, body: logOutButton })}</li>
`;
}

function formatTime(time: Date, language: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  return `${new Intl.DateTimeFormat(language, options).format(time)} UTC`;
}
