import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { createSessionCookies, findSession } from "../http/session-cookies.ts";
import { emailAnswer, newPassword, password, policyRefusals, sessionCookie } from "./schemas.ts";

export const changePassword: Resource = {
  PUT: endpoint(
    {
      summary: "Changes the password.",
      fields: () => z.object({ password: password.describe("The current password."), new_password: newPassword }),
      session: "required",
      hashesPassword: true,
      answers: () => ({
        200: {
          description: "The password is changed. The session continues under a new id; all other sessions have ended.",
          json: z.object({ email: emailAnswer, message: z.literal("Password updated") }),
          headers: sessionCookie,
        },
      }),
      refusals: ["wrong_password", "password_missing", ...policyRefusals, "too_many_tries"],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c, { password: currentPassword, new_password: newPassword }) => {
        const sessionId = await findSession(c, service);
        const { user, session } = await auth.account.changePassword(
          sessionId,
          { currentPassword, newPassword },
          caller(c),
        );
        const headers = { "Set-Cookie": createSessionCookies(c, service, session.sessionId) };
        return answers.json(200, { email: user.email, message: "Password updated" }, headers);
      };
    },
  ),
};
