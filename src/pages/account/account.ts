import { html } from "hono/html";
import type { SessionPage, ShownSession } from "../../auth/auth.ts";
import { AuthError } from "../../errors.ts";
import { keepSession } from "../../http/session-cookies.ts";
import { messages } from "../../languages/languages.ts";
import type { PublicUser } from "../../user.ts";
import { readEmail } from "../../values/email.ts";
import { account, button, type Filled, field, form, hidden, newPassword, type Page } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import { home } from "../kit/return-to.ts";
import { askToLogIn, goOut, goTo, isFor, loggedIn, originOf, type Values, type Visit } from "../kit/visit.ts";

/** Of those who have more devices, the others are on pages of their own. */
const devicesShown = 10;
/** Nobody has more sessions than this. */
const mostDevices = 1000;

export const ownAccount: Page = { isAccounts: true, show: overview };

/** Logs out a device, or all but this one. */
export const devices: Page = {
  isAccounts: true,
  fields: { session: false },
  show: overview,
  async submit(visit, { session }) {
    const { service, sessionId, caller, to } = visit;
    const { auth } = service;
    if (session === undefined) {
      await auth.endOtherSessions(sessionId, caller);
      return goTo(visit, to(home), { code: "devices_ended" });
    }
    await auth.endSession(sessionId, session, caller);
    return deviceEnded(visit);
  },
  again: deviceEnded,
};

/** It may have been this one. */
async function deviceEnded(visit: Visit): Promise<Response> {
  if (!(await loggedIn(visit))) return goOut(visit, "logged_out");
  return goTo(visit, visit.to(home, { from: visit.c.req.query("from") }), { code: "device_ended" });
}

export const changePassword: Page = {
  isAccounts: true,
  fields: { password: true, new_password: true },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.changePassword,
      body: html`<p>${words.account.passwordText}</p>
${form(visit, {
  action: "/account/password",
  isOnce: true,
  of: person,
  goesOn: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${newPassword(visit, filled, words.fields.newPassword)}${button(words.account.changePassword)}`,
})}${cancel(visit)}`,
    }));
  },
  async submit(visit, { password: current = "", new_password: chosen = "" }) {
    const { service, sessionId, caller } = visit;
    const { session } = await service.auth.changePassword(sessionId, { current, chosen }, caller);
    return passwordChanged(visit, session.sessionId);
  },
  async again(visit, _, { email }) {
    const { service, to } = visit;
    const sessionId = await service.auth.currentSession(visit.sessionId);
    if (sessionId !== null) return passwordChanged(visit, sessionId);
    // The response with the new id was lost.
    return goTo(visit, to("/login"), { code: "password_reset", email: email ?? undefined });
  },
};

function passwordChanged(visit: Visit, sessionId: string): Response {
  const { c, service, cookies, to, onward } = visit;
  cookies.push(...keepSession(c, service.settings, sessionId));
  return onward === undefined ? goTo(visit, to(home), { code: "password_changed" }) : goTo(visit, onward);
}

export const changeEmail: Page = {
  isAccounts: true,
  fields: { email: true, password: false },
  show(visit, { values, problem }) {
    const { words, notice } = visit;
    const isTaken = problem?.code === "email_taken";
    const told = isTaken ? { ...problem, message: words.account.emailTaken } : problem;
    return forPerson(visit, (person) => {
      const isTyped = notice?.code === "typed" || notice?.code === "move";
      const typed = isTyped && isFor(visit, notice.account, person.id) ? notice.email : undefined;
      const filled = { values: { email: typed, ...values }, problem: told };
      return {
        title: words.account.changeEmail,
        problem: told,
        body: html`<p>${words.account.emailText}</p>
<p class="who"><bdi>${person.email}</bdi></p>
${form(visit, {
  action: "/account/email",
  isOnce: true,
  of: person,
  goesOn: true,
  body: html`${field(visit, filled, { name: "email", label: words.fields.newEmail, autocomplete: "email" })}${currentPassword(visit, filled)}${button(words.account.changeEmail)}`,
})}${cancel(visit)}`,
      };
    });
  },
  async submit(visit, values) {
    await confirm(visit, values);
    const email = await visit.service.auth.changeEmail(visit.sessionId, values.email ?? "", visit.caller);
    return moveAsked(visit, values, email);
  },
  async again(visit, values) {
    const { c, service, cookies } = visit;
    const sessionId = await service.auth.currentSession(visit.sessionId);
    if (sessionId !== null) cookies.push(...keepSession(c, service.settings, sessionId));
    return moveAsked(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

function moveAsked(visit: Visit, values: Values, email: string | undefined): Response {
  return goTo(visit, visit.to("/mailbox"), { code: "move", email, account: originOf(visit, values).account });
}

export const exportAccount: Page = {
  isAccounts: true,
  fields: { password: false },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.exportTitle,
      body: html`<p>${words.account.exportText}</p>
${form(visit, {
  action: "/account/export",
  of: person,
  goesOn: true,
  isDownload: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${button(words.account.export)}`,
})}${cancel(visit)}`,
    }));
  },
  async submit(visit, values) {
    const { service, caller, cookies } = visit;
    await confirm(visit, values);
    return service.answers.json(200, await service.auth.exportAccount(visit.sessionId, caller), {
      "Content-Disposition": 'attachment; filename="account.json"',
      ...(cookies.length > 0 && { "Set-Cookie": cookies }),
    });
  },
};

export const deleteAccount: Page = {
  isAccounts: true,
  fields: { password: true },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.deleteTitle,
      body: html`<p>${words.account.deleteText}</p>
${form(visit, {
  action: "/account/delete",
  of: person,
  goesOn: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${button(words.account.delete, "bad solid")}`,
})}${cancel(visit)}`,
    }));
  },
  async submit(visit, { password = "" }) {
    const { service, sessionId, caller } = visit;
    await service.auth.deleteAccount(sessionId, password, caller);
    return goOut(visit, "account_deleted");
  },
  again: async (visit) => goOut(visit, "account_deleted"),
};

/** Where password managers send people (https://w3c.github.io/webappsec-change-password-url/). */
export const wellKnownChangePassword: Page = {
  show: (visit) => goTo(visit, visit.to("/account/password")),
};

/** A page of somebody's account; whoever is not logged in, or no longer, is asked to, and comes back to it. */
async function forPerson(visit: Visit, show: (person: PublicUser) => View | Promise<View>): Promise<View | Response> {
  const { service, sessionId } = visit;
  try {
    return await show(await service.auth.personOf(sessionId));
  } catch (error) {
    if (error instanceof AuthError && error.code === "not_logged_in") return askToLogIn(visit);
    throw error;
  }
}

/** Has the password confirmed where it was given: the session goes on under a new id, whatever comes of the rest. */
async function confirm(visit: Visit, { password }: Values): Promise<void> {
  if (password === undefined) return;
  const { c, service, caller, cookies } = visit;
  const { session } = await service.auth.confirmPassword(visit.sessionId, password, caller);
  visit.sessionId = session.sessionId;
  cookies.push(...keepSession(c, service.settings, session.sessionId));
}

function currentPassword(visit: Visit, filled: Filled): Html {
  const label = visit.words.fields.currentPassword;
  return field(visit, filled, { name: "password", label, autocomplete: "current-password" });
}

function cancel({ words, to, onward }: Visit): Html {
  return html`<p class="middle"><a class="link" href="${onward ?? to(home)}">${words.account.cancel}</a></p>
`;
}

function overview(visit: Visit): Promise<View | Response> {
  return forPerson(visit, async (person) => {
    const { c, service, words, to } = visit;
    const part = words.account;
    const from = firstAsked(c.req.query("from"));
    // Up to the last one of the page that was asked for: of the last page, if there are no longer as many.
    const upTo = await service.auth.pageOfSessions(visit.sessionId, { limit: from + devicesShown });
    const link = (path: string, text: string) => html`<a class="button plain low" href="${to(path)}">${text}</a>`;
    return {
      title: part.title,
      wide: true,
      aside: link("/logout", part.logOut),
      body: html`${profile(visit, person)}<section class="card" aria-labelledby="password">
<div class="row tall"><div><h2 id="password">${part.password}</h2>
<p class="soft">${part.passwordText}</p></div>
${link("/account/password", part.changePassword)}</div>
</section>
${deviceList(visit, person, upTo, from)}<section class="card" aria-labelledby="data">
<h2 id="data">${part.data}</h2>
<ul class="list">
<li class="row tall"><div><h3>${part.exportTitle}</h3>
<p class="soft">${part.exportText}</p></div>
${link("/account/export", part.export)}</li>
<li class="row tall"><div><h3>${part.deleteTitle}</h3>
<p class="soft">${part.deleteText}</p></div>
<a class="button bad low" href="${to("/account/delete")}">${part.toDelete}</a></li>
</ul>
</section>
`,
    };
  });
}

function profile(visit: Visit, person: PublicUser): Html {
  const { email, emailVerifiedAt, createdAt } = person;
  const { words, to, language } = visit;
  const part = words.account;
  const isConfirmed = emailVerifiedAt !== null;
  const state = isConfirmed
    ? html`<span class="badge good">${part.confirmed}</span>`
    : html`<span class="badge soft">${part.unconfirmed}</span>`;
  return html`<section class="card" aria-labelledby="profile">
<h2 id="profile">${part.profile}</h2>
<div class="row tall"><dl>
<dt>${part.email}</dt>
<dd><bdi>${email}</bdi> ${state}</dd>
</dl>
<a class="button plain low" href="${to("/account/email")}">${part.changeEmail}</a></div>
${!isConfirmed && form(visit, { action: "/verify", of: person, isOnce: true, body: html`${hidden("email", email)}<div>${button(part.sendAgain, "plain low")}</div>` })}<p class="soft small">${part.since} ${date(new Date(createdAt), language)}</p>
</section>
`;
}

function deviceList(
  visit: Visit,
  person: PublicUser,
  { sessions, next }: SessionPage<ShownSession>,
  asked: number,
): Html {
  const { words, to } = visit;
  const part = words.account;
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
    body: html`<div>${button(part.endOthers, "plain low")}</div>`,
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
  { id, current, device, ip, last_seen_at, created_at }: ShownSession,
  { person, from, seen: line }: Place,
): Html {
  const { words, language } = visit;
  const part = words.account;
  const [browser, system] = device?.split("/") ?? [];
  const speech = messages[language];
  const known = browser && system ? speech.device(browser, system) : speech.unknownDevice;
  const name = known.slice(0, 1).toUpperCase() + known.slice(1);
  const seen = new Date(last_seen_at ?? created_at ?? 0);
  const end = html`${hidden("session", id)}<button class="button plain low" aria-label="${part.endThat(known)}" aria-describedby="${line}">${part.endDevice}</button>`;
  return html`<li class="row"><div><h3>${name} ${current && html`<span class="badge good">${part.thisDevice}</span>`}</h3>
<p class="soft small" id="${line}">${part.lastSeen} <time datetime="${seen.toISOString()}" data-relative>${moment(seen, language)}</time>${ip && html` <span class="whole">· <bdi>${ip}</bdi></span>`}</p></div>
${!current && form(visit, { action: "/account/devices", of: person, query: { from: from > 0 ? String(from) : undefined }, body: end })}</li>
`;
}

function moment(time: Date, language: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  return `${new Intl.DateTimeFormat(language, options).format(time)} UTC`;
}

function date(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(time);
}
