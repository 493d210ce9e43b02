import { needed, readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";
import { forgetSession, keepSession, presentedSession } from "../http/session-cookies.ts";

/** Erases the account. */
export function account(service: Service): Resource {
  const { auth, settings, answers, caller } = service;
  return {
    async DELETE(c) {
      const { password = "" } = await readFields(c, "password");
      await auth.account.erase(await presentedSession(c, service), password, caller(c));
      return answers.json(200, { message: "account deleted" }, { "Set-Cookie": forgetSession(c, settings) });
    },
  };
}

/** `password` is the current one. */
export function accountPassword(service: Service): Resource {
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

export function accountEmail(service: Service): Resource {
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
export function accountExport(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async GET(c) {
      const all = await auth.account.exportData(await presentedSession(c, service), caller(c));
      return answers.json(200, all, { "Content-Disposition": 'attachment; filename="account.json"' });
    },
  };
}
