import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { email, emailAnswer } from "./schemas.ts";

export const undoEmailChange: Resource = {
  PUT: endpoint(
    {
      summary: "Undoes an email change.",
      fields: () =>
        z.object({
          token: z.string().min(1).describe("The token from the email to the previous address."),
          email: email.optional().describe("The previous address. If given, the token must be for this address."),
        }),
      answers: () => ({
        200: {
          description: "The account has its previous address again, and all its sessions have ended.",
          json: z.object({ email: emailAnswer, message: z.literal("email change undone") }),
        },
      }),
      refusals: ["bad_undo_token", "email_taken", "too_many_tries"],
    },
    ({ auth, answers, caller }) =>
      async (c, { token, email }) => {
        const user = await auth.undoEmailChange.undo(token, email, caller(c));
        return answers.json(200, { email: user.email, message: "email change undone" });
      },
  ),
};
