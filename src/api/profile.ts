import { notLoggedIn } from "../errors.ts";
import type { Resource, Service } from "../http/service.ts";
import { presentedUser } from "../http/session-cookies.ts";
import type { PublicUser } from "../user.ts";

export function profile(service: Service): Resource {
  const { answers } = service;
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
  };
}
