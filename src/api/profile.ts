import { notLoggedIn } from "../errors.ts";
import { needed, readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";
import { forgetSession, keepSession, presentedSession, presentedUser } from "../http/session-cookies.ts";
import type { PublicUser } from "../user.ts";

export function profile(service: Service): Resource {
  const { auth, settings, answers, caller } = service;
  const answer = (user: PublicUser | null) => {
    if (!user) throw notLoggedIn();
    return answers.json(200, { email: user.email });
  };
  return {
    /** The hot path: it answers in the same turn where the database does, and promises nothing. */
    GET(c) {
      const found = presentedUser(c, service);
      return found instanceof Promise ? found.then(answer) : answer(found);
    },
    async DELETE(c) {
      const { password = "" } = await readFields(c, "password");
      await auth.account.erase(await presentedSession(c, service), password, caller(c));
      return answers.json(200, { message: "account deleted" }, { "Set-Cookie": forgetSession(c, settings) });
    },
  };
}

/** `password` is the current one. */
export function profilePassword(service: Service): Resource {
  const { auth, settings, answers, caller } = service;
  return {
    async PUT(c) {
      const { password: current = "", new_password: chosen = "" } = await readFields(c, "password", "new_password");
      const { user, session } = await auth.account.changePassword(
        await presentedSession(c, service),
        { current, chosen },
        caller(c),
      );
      const headers = { "Set-Cookie": keepSession(c, settings, session.sessionId) };
      return answers.json(200, { email: user.email, message: "Password updated" }, headers);
    },
  };
}

export function profileEmail(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async PUT(c) {
      const fields = await readFields(c, "email");
      const email = await auth.account.changeEmail(
        await presentedSession(c, service),
        needed(fields.email, "email"),
        caller(c),
      );
      return answers.json(200, { email, message: "verification mail sent" });
    },
  };
}

/** All that is held about a person. */
export function profileExport(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async GET(c) {
      const all = await auth.account.exportData(await presentedSession(c, service), caller(c));
      return answers.json(200, all, { "Content-Disposition": 'attachment; filename="account.json"' });
    },
  };
}
