import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { findSession } from "../http/session-cookies.ts";
import { email } from "./schemas.ts";

export const changeEmail: Resource = {
  PUT: endpoint(
    {
      summary: "Starts an email change.",
      fields: () => z.object({ email: email.describe("The new email address.") }),
      session: "required",
      answers: () => ({
        200: {
          description:
            "A verification email is sent to the new address. The account keeps its address until the new one is verified.",
          json: z.object({
            email: z.string().describe("The new email address."),
            message: z.literal("verification mail sent"),
          }),
        },
      }),
      refusals: [
        "field_missing",
        "email_invalid",
        "email_unchanged",
        "email_taken",
        "password_needed",
        "too_many_tries",
      ],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c, { email }) => {
        const newEmail = await auth.account.changeEmail(await findSession(c, service), email, caller(c));
        return answers.json(200, { email: newEmail, message: "verification mail sent" });
      };
    },
  ),
};
