import { deviceCookie, sessionCookie } from "./cookies.ts";
import { readFields } from "./fields.ts";
import { notLoggedIn, sessionIdOf } from "./profile.ts";
import type { Resource, Service } from "./service.ts";

export function sessions({ auth, settings, answers, caller }: Service): Resource {
  const cookie = sessionCookie(settings);
  const deviceOf = deviceCookie(settings);
  return {
    async GET(c) {
      return answers.json(200, { sessions: await auth.listSessions(sessionIdOf(c, settings)) });
    },
    async POST(c) {
      const { email = "", password = "" } = await readFields(c, "email", "password");
      const replaces = sessionIdOf(c, settings) ?? undefined;
      const { user, session, device } = await auth.logIn({ email, password, replaces }, caller(c));
      const cookies = [cookie.set(session.sessionId)];
      if (device !== undefined) cookies.push(deviceOf.set(device));
      return answers.json(200, { email: user.email, message: "logged in" }, { "Set-Cookie": cookies });
    },
    async DELETE(c) {
      if (!(await auth.logOut(sessionIdOf(c, settings), caller(c)))) throw notLoggedIn();
      return answers.redirect("/", { "Set-Cookie": cookie.clear });
    },
  };
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
      const { email, sessionId } = await auth.confirmPassword(sessionIdOf(c, settings), password, caller(c));
      return answers.json(200, { email, message: "password confirmed" }, { "Set-Cookie": cookie.set(sessionId) });
    },
  };
}
