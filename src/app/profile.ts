import type { Settings } from "../settings.ts";
import type { User } from "../user.ts";
import type { Request } from "./caller.ts";
import { readCookie } from "./cookies.ts";
import { RequestError } from "./refusals.ts";
import type { Resource, Service } from "./service.ts";

/** The hot path: it answers in the same turn where the database does, and promises nothing. */
export function profile({ auth, settings, answers }: Service): Resource {
  const answer = (user: User | null) => {
    if (!user) throw notLoggedIn();
    return answers.json(200, { email: user.email });
  };
  return {
    GET(c) {
      const found = auth.getUserFromSessionId(sessionIdOf(c, settings));
      return found instanceof Promise ? found.then(answer) : answer(found);
    },
  };
}

/** The session that a request presents. Node has the header at hand; a Request looks for it each time. */
export function sessionIdOf(c: Request, { COOKIE_NAME }: Settings): string | null {
  const incoming = c.env?.incoming;
  return readCookie(incoming ? incoming.headers.cookie : c.req.header("Cookie"), COOKIE_NAME);
}

export function notLoggedIn(): RequestError {
  return new RequestError("not_logged_in", "not logged in");
}
