import { notLoggedInError } from "../errors.ts";
import { readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";
import { clearSessions, findSession, findUser } from "../http/session-cookies.ts";
import type { PublicUser } from "../user.ts";

export function profile(service: Service): Resource {
  const { auth, answers, caller } = service;
  const answer = (user: PublicUser | null) => {
    if (!user) throw notLoggedInError();
    return answers.json(200, { email: user.email });
  };
  return {
    /** The hot path: it answers in the same turn where the database does, and promises nothing. */
    GET(c) {
      const found = findUser(c, service);
      return found instanceof Promise ? found.then(answer) : answer(found);
    },
    /** Erases the account. */
    async DELETE(c) {
      const { password = "" } = await readFields(c, "password");
      await auth.account.erase(await findSession(c, service), password, caller(c));
      return answers.json(200, { message: "account deleted" }, { "Set-Cookie": clearSessions(c, service) });
    },
  };
}
