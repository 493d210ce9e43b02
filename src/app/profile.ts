import { notLoggedIn } from "../errors.ts";
import type { PublicUser } from "../user.ts";
import { sessionIdOf } from "./caller.ts";
import { sessionCookie } from "./cookies.ts";
import { needed, readFields } from "./fields.ts";
import type { Resource, Service } from "./service.ts";

export function profile({ auth, settings, answers, caller }: Service): Resource {
  const answer = (user: PublicUser | null) => {
    if (!user) throw notLoggedIn();
    return answers.json(200, { email: user.email });
  };
  return {
    /** The hot path: it answers in the same turn where the database does, and promises nothing. */
    GET(c) {
      const found = auth.getUserFromSessionId(sessionIdOf(c, settings));
      return found instanceof Promise ? found.then(answer) : answer(found);
    },
    async DELETE(c) {
      const { password = "" } = await readFields(c, "password");
      await auth.deleteAccount(sessionIdOf(c, settings), password, caller(c));
      return answers.json(200, { message: "account deleted" }, { "Set-Cookie": sessionCookie(settings).clear });
    },
  };
}

/** `password` is the current one. */
export function profilePassword({ auth, settings, answers, caller }: Service): Resource {
  const cookie = sessionCookie(settings);
  return {
    async PUT(c) {
      const { password: current = "", new_password: chosen = "" } = await readFields(c, "password", "new_password");
      const { user, session } = await auth.changePassword(sessionIdOf(c, settings), { current, chosen }, caller(c));
      const headers = { "Set-Cookie": cookie.set(session.sessionId) };
      return answers.json(200, { email: user.email, message: "Password updated" }, headers);
    },
  };
}

export function profileEmail({ auth, settings, answers, caller }: Service): Resource {
  return {
    async PUT(c) {
      const fields = await readFields(c, "email");
      const email = await auth.changeEmail(sessionIdOf(c, settings), needed(fields.email, "email"), caller(c));
      return answers.json(200, { email, message: "verification mail sent" });
    },
  };
}

/** All that is held about a person. */
export function profileExport({ auth, settings, answers, caller }: Service): Resource {
  return {
    async GET(c) {
      const all = await auth.exportAccount(sessionIdOf(c, settings), caller(c));
      return answers.json(200, all, { "Content-Disposition": 'attachment; filename="account.json"' });
    },
  };
}
