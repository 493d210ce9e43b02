import { z } from "zod";
import { notLoggedInError } from "../errors.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { clearSessionCookies, findSession, findUser } from "../http/session-cookies.ts";
import type { PublicUser } from "../user.ts";
import { emailAnswer, password } from "./schemas.ts";

export const profile: Resource = {
  GET: endpoint(
    {
      summary: "Returns the email address of the user.",
      session: "required",
      answers: () => ({ 200: { description: "The session is live.", json: z.object({ email: emailAnswer }) } }),
      refusals: [],
    },
    (service) => {
      const answer = (user: PublicUser | null) => {
        if (!user) throw notLoggedInError();
        return service.answers.json(200, { email: user.email });
      };
      // This is the hot path, so it is synchronous if the database is.
      return (c) => {
        const found = findUser(c, service);
        return found instanceof Promise ? found.then(answer) : answer(found);
      };
    },
  ),
  DELETE: endpoint(
    {
      summary: "Deletes the account.",
      fields: () => z.object({ password }),
      session: "required",
      hashesPassword: true,
      answers: () => ({
        200: {
          description: "The account, its sessions and its data are deleted.",
          json: z.object({ message: z.literal("account deleted") }),
          headers: { "Set-Cookie": "Clears the session cookie." },
        },
      }),
      refusals: ["wrong_password", "too_many_tries"],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c, { password }) => {
        await auth.account.deleteAccount(await findSession(c, service), password, caller(c));
        return answers.json(200, { message: "account deleted" }, { "Set-Cookie": clearSessionCookies(c, service) });
      };
    },
  ),
};
