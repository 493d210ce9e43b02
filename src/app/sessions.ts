import type { LoggedIn } from "../auth/auth.ts";
import { notLoggedIn } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { sessionIdOf } from "./caller.ts";
import { deviceCookie, sessionCookie } from "./cookies.ts";
import { readFields } from "./fields.ts";
import type { Resource, Service } from "./service.ts";

export function sessions({ auth, settings, answers, caller }: Service): Resource {
  const cookie = sessionCookie(settings);
  return {
    async GET(c) {
      return answers.json(200, { sessions: await auth.listSessions(sessionIdOf(c, settings)) });
    },
    async POST(c) {
      const { email = "", password = "" } = await readFields(c, "email", "password");
      const replaces = sessionIdOf(c, settings) ?? undefined;
      const opened = await auth.logIn({ email, password, replaces }, caller(c));
      const headers = { "Set-Cookie": loginCookies(opened, settings) };
      return answers.json(200, { email: opened.user.email, message: "logged in" }, headers);
    },
    async DELETE(c) {
      if (!(await auth.logOut(sessionIdOf(c, settings), caller(c)))) throw notLoggedIn();
      return answers.redirect("/", { "Set-Cookie": cookie.clear });
    },
  };
}

/** What a browser keeps of a login: the session, and what the account knows it again by. */
export function loginCookies({ session, device }: LoggedIn, settings: Settings): string[] {
  const cookies = [sessionCookie(settings).set(session.sessionId)];
  return device === undefined ? cookies : [...cookies, deviceCookie(settings).set(device)];
}

/** One session, by the handle that the list of them has. */
export function session({ auth, settings, answers, caller }: Service): Resource {
  return {
    async DELETE(c) {
      await auth.endSession(sessionIdOf(c, settings), c.req.param("id") ?? "", caller(c));
      return answers.json(200, { message: "session ended" });
    },
  };
}

/** Every session but the one that asks. */
export function otherSessions({ auth, settings, answers, caller }: Service): Resource {
  return {
    async DELETE(c) {
      await auth.endOtherSessions(sessionIdOf(c, settings), caller(c));
      return answers.json(200, { message: "other sessions ended" });
    },
  };
}

/** The password once more, for what needs it. */
export function confirmation({ auth, settings, answers, caller }: Service): Resource {
  const cookie = sessionCookie(settings);
  return {
    async POST(c) {
      const { password = "" } = await readFields(c, "password");
      const { user, session } = await auth.confirmPassword(sessionIdOf(c, settings), password, caller(c));
      const headers = { "Set-Cookie": cookie.set(session.sessionId) };
      return answers.json(200, { email: user.email, message: "password confirmed" }, headers);
    },
  };
}
