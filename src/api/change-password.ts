import { readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";
import { findSession, setSession } from "../http/session-cookies.ts";

/** `password` is the current one. */
export function changePassword(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async PUT(c) {
      const { password: current = "", new_password: chosen = "" } = await readFields(c, "password", "new_password");
      const { user, session } = await auth.account.changePassword(
        await findSession(c, service),
        { current, chosen },
        caller(c),
      );
      const headers = { "Set-Cookie": setSession(c, service, session.sessionId) };
      return answers.json(200, { email: user.email, message: "Password updated" }, headers);
    },
  };
}
