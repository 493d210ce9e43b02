import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import { findSession } from "../http/session-cookies.ts";
import { session, time } from "./schemas.ts";

export const exportAccount: Resource = {
  GET: endpoint(
    {
      summary: "Returns all data about the user.",
      session: "required",
      answers: () => ({
        200: {
          description: "The data, without secrets. Of the events, the newest 10,000.",
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

function accountExport(): z.ZodType<object, object> {
  return z.object({
    id: z.int(),
    email: z.string(),
    moves_to: z.string().nullable().describe("The new address of an email change that is not verified yet."),
    former_emails: z
      .array(z.object({ email: z.string(), left_at: time }))
      .optional()
      .describe("Previous addresses whose email change can still be undone."),
    email_verified_at: time,
    reset_token_expires_at: time,
    created_at: time,
    updated_at: time,
    sessions: z.array(session.omit({ id: true })),
    devices: z.array(z.object({ created_at: time, last_seen_at: time })),
    mails: z.array(
      z.object({
        kind: z.string(),
        created_at: time,
        tries: z.int(),
        failed_at: time.optional().describe("When the server stopped retrying."),
      }),
    ),
    events: z.array(
      z.object({
        at: time,
        event: z.string(),
        ip: z.string().nullable(),
        user_agent: z.string().nullable(),
        detail: z.string().nullable(),
      }),
    ),
  });
}
