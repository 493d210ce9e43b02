import { wantsPage } from "../http/caller.ts";
import type { Resource, Service } from "../http/service.ts";
import { findUser } from "../http/session-cookies.ts";

/** Every method, for browsers and `curl -L -X` keep theirs when logging out leads them here. */
export function root(service: Service): Resource {
  const { settings, answers } = service;
  const Vary = settings.CORS_ORIGINS.length > 0 ? "Origin, Accept" : "Accept";
  const welcome = () => answers.json(200, { message: "Bienvenue" });
  return {
    /** People are sent to their account, or to log in; programs are welcomed. */
    async GET(c) {
      if (!wantsPage(c)) return answers.json(200, { message: "Bienvenue" }, { Vary });
      const user = await findUser(c, service);
      const lang = c.req.query("lang");
      const query = lang === undefined ? "" : `?${new URLSearchParams({ lang })}`;
      return answers.redirect(`${user ? "/account" : "/login"}${query}`, { Vary });
    },
    POST: welcome,
    PUT: welcome,
    DELETE: welcome,
  };
}
