import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { email, emailAnswer, password, policyRefusals } from "./schemas.ts";

export const register: Resource = {
  POST: endpoint(
    {
      summary: "Registers a user.",
      fields: () => z.object({ email, password }),
      hashesPassword: true,
      answers: () => ({
        200: {
          description:
            "The user is registered. If REQUIRE_VERIFIED_EMAIL is on, the account is created when the address is verified. If CONCEAL_ACCOUNTS is on, the response is the same for an address that already has an account.",
          json: z.object({ email: emailAnswer, message: z.literal("user created") }),
        },
      }),
      refusals: ["field_missing", "email_invalid", "email_taken", ...policyRefusals, "too_many_tries"],
    },
    ({ auth, answers, caller }) =>
      async (c, { email, password }) => {
        const registered = await auth.account.register(email, password, caller(c));
        return answers.json(200, { email: registered, message: "user created" });
      },
  ),
};
