import { caller } from "./caller.ts";
import { sessionCookie } from "./cookies.ts";
import { readFields } from "./fields.ts";
import { notLoggedIn, sessionIdOf } from "./profile.ts";
import type { Resource, Service } from "./service.ts";

export function sessions({ auth, settings, answers }: Service): Resource {
  const cookie = sessionCookie(settings);
  return {
    async POST(c) {
      const { email = "", password = "" } = await readFields(c, "email", "password");
      const replaces = sessionIdOf(c, settings) ?? undefined;
      const { user, session } = await auth.logIn({ email, password, replaces }, caller(c));
      const headers = { "Set-Cookie": cookie.set(session.sessionId) };
      return answers.json(200, { email: user.email, message: "logged in" }, headers);
    },
    async DELETE(c) {
      if (!(await auth.logOut(sessionIdOf(c, settings), caller(c)))) throw notLoggedIn();
      return answers.redirect("/", { "Set-Cookie": cookie.clear });
    },
  };
}
