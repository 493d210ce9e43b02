import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { findSession } from "../http/session-cookies.ts";
import { emailAnswer, session, time } from "./schemas.ts";

export const exportAccount: Resource = {
  GET: endpoint(
    {
      summary: "Returns the data stored about the user.",
      session: "required",
      answers: () => ({
        200: {
          description: "The data, without secrets. It includes at most the newest 10,000 events.",
          json: accountExport(),
          headers: { "Content-Disposition": "Makes browsers save the response as `account.json`." },
        },
      }),
      refusals: ["password_needed"],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c) => {
        const data = await auth.account.exportData(await findSession(c, service), caller(c));
        return answers.json(200, data, { "Content-Disposition": 'attachment; filename="account.json"' });
      };
    },
  ),
};

function accountExport() {
  return z.object({
    id: z.int().describe("The id of the user."),
    email: emailAnswer,
    moves_to: z.string().nullable().describe("The new address of a pending email change; null if there is none."),
    former_emails: z
      .array(
        z.object({
          email: z.string().describe("The previous address."),
          left_at: time.describe("When the address was replaced."),
        }),
      )
      .optional()
      .describe("Previous addresses whose email change can still be undone."),
    email_verified_at: time.describe("When the address was verified; null if it was not."),
    reset_token_expires_at: time.describe("When the current reset token expires; null if there is none."),
    created_at: time.describe("When the user registered."),
    updated_at: time.describe("When the user was last changed."),
    sessions: z.array(session.omit({ id: true })).describe("The live sessions, newest first."),
    devices: z
      .array(
        z.object({
          created_at: time.describe("When the device was remembered."),
          last_seen_at: time.describe("When the device last logged in."),
        }),
      )
      .describe("The known devices of the account."),
    mails: z
      .array(
        z.object({
          kind: z.string().describe("The kind of email, such as `reset`."),
          created_at: time.describe("When the email was queued."),
          tries: z.int().describe("The number of failed delivery attempts."),
          failed_at: time
            .optional()
            .describe("When the service stopped retrying; missing if the email is still queued."),
        }),
      )
      .describe("Emails that have not been delivered yet or could not be delivered."),
    events: z
      .array(
        z.object({
          at: time.describe("When the event happened."),
          event: z.string().describe("The name of the event, such as `logged_in`."),
          ip: z.string().nullable().describe("The IP address of the request."),
          user_agent: z.string().nullable().describe("The `User-Agent` of the request."),
          detail: z.string().nullable().describe("Details, such as the error code of a failed request."),
        }),
      )
      .describe("The newest 10,000 audit events of the user, oldest first."),
  });
}
