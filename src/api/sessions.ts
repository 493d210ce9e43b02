import { AuthError, notLoggedInError } from "../errors.ts";
import type { RequestContext } from "../http/caller.ts";
import { readFields } from "../http/fields.ts";
import { RequestError } from "../http/refusals.ts";
import type { Resource, Service } from "../http/service.ts";
import { clearSessions, findSession, logOut, readSessionIds, setLogin, setSession } from "../http/session-cookies.ts";

/** The most sessions on a page of the list. */
const longestPage = 100;

export function sessions(service: Service): Resource {
  const { auth, settings, answers, caller } = service;
  return {
    async GET(c) {
      const page = { limit: pageLength(parameter(c, "limit")), after: parameter(c, "after") };
      const { sessions, next } = await auth.sessions.page(await findSession(c, service), page);
      return answers.json(200, { sessions, ...(next !== null && { next }) });
    },
    async POST(c) {
      const { email = "", password = "" } = await readFields(c, "email", "password");
      const replaces = readSessionIds(c, settings);
      const opened = await auth.logIn({ email, password, replaces }, caller(c));
      const headers = { "Set-Cookie": setLogin(c, opened, service) };
      return answers.json(200, { email: opened.user.email, message: "logged in" }, headers);
    },
    async DELETE(c) {
      if (!(await logOut(c, service))) throw notLoggedInError();
      return answers.redirect("/", { "Set-Cookie": clearSessions(c, service) });
    },
  };
}

/** A parameter of the query; undefined if it is not there. */
function parameter(c: RequestContext, name: string): string | undefined {
  const [value, ...others] = c.req.queries(name) ?? [];
  if (others.length > 0) throw new RequestError("field_repeated", `${name} must be given once, as text`);
  return value;
}

function pageLength(limit = `${longestPage}`): number {
  if (/^[1-9]\d{0,2}$/.test(limit) && Number(limit) <= longestPage) return Number(limit);
  throw new AuthError("page_invalid", `limit must be a whole number from 1 to ${longestPage}`);
}

/** One session, by the handle that the list of them has. */
export function session(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async DELETE(c) {
      await auth.sessions.end(await findSession(c, service), c.req.param("id") ?? "", caller(c));
      return answers.json(200, { message: "session ended" });
    },
  };
}

/** Every session but the one that asks. */
export function otherSessions(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async DELETE(c) {
      await auth.sessions.endOthers(await findSession(c, service), caller(c));
      return answers.json(200, { message: "other sessions ended" });
    },
  };
}

/** The password once more, for what needs it. */
export function confirmation(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async POST(c) {
      const { password = "" } = await readFields(c, "password");
      const { user, session } = await auth.account.confirmPassword(await findSession(c, service), password, caller(c));
      const headers = { "Set-Cookie": setSession(c, service, session.sessionId) };
      return answers.json(200, { email: user.email, message: "password confirmed" }, headers);
    },
  };
}
