import { z } from "zod";
import { wantsPage } from "../http/caller.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { findUser } from "../http/session-cookies.ts";

const greeting = () => ({ description: "A greeting.", json: z.object({ message: z.literal("Bienvenue") }) });
const vary = { Vary: "`Accept` and, if CORS_ORIGINS is set, `Origin`." } as const;

/** After a logout, `fetch` in browsers and `curl -L -X` keep the method when they follow the redirect to this path. */
const others = endpoint(
  {
    summary: "Greets programs that follow a redirect without changing the method.",
    answers: () => ({ 200: greeting() }),
    refusals: [],
  },
  ({ answers }) =>
    () =>
      answers.json(200, { message: "Bienvenue" }),
);

export const root: Resource = {
  GET: endpoint(
    {
      summary: "Greets programs, and redirects browsers to the account page or the login page.",
      query: () => z.object({ lang: z.string().optional().describe("The language of the page.") }),
      allowsRepeatedQuery: true,
      session: "optional",
      answers: () => ({
        200: { ...greeting(), headers: vary },
        302: {
          description: "Sent if `Accept` includes `text/html`.",
          headers: { Location: "`/account` or `/login`.", ...vary },
        },
      }),
      refusals: [],
    },
    (service) => {
      const { settings, answers } = service;
      const Vary = settings.CORS_ORIGINS.length > 0 ? "Origin, Accept" : "Accept";
      return async (c, { lang }) => {
        if (!wantsPage(c)) return answers.json(200, { message: "Bienvenue" }, { Vary });
        const user = await findUser(c, service);
        const query = lang === undefined ? "" : `?${new URLSearchParams({ lang })}`;
        return answers.redirect(`${user ? "/account" : "/login"}${query}`, { Vary });
      };
    },
  ),
  POST: others,
  PUT: others,
  DELETE: others,
};
