import { z } from "zod";
import { createDeviceSecret } from "../http/cookies.ts";
import { endpoint } from "../http/endpoint.ts";
import { rememberDevice } from "../http/remember-device.ts";
import type { Resource } from "../http/service.ts";
import { createSessionCookies, findSession } from "../http/session-cookies.ts";
import { email, emailAnswer, password } from "./schemas.ts";

export const emailVerification: Resource = {
  POST: endpoint(
    {
      summary: "Sends the verification email again.",
      fields: () => z.object({ email: email.describe("The address to verify.") }),
      answers: () => ({
        200: {
          description:
            "If the address belongs to an account or a registration and is not verified, an email is sent. The response is always the same.",
          json: z.object({
            email: z.string().describe("The email address."),
            message: z.literal("verification mail sent"),
          }),
        },
      }),
      refusals: ["field_missing", "email_invalid", "too_many_tries"],
    },
    ({ auth, answers, caller }) =>
      async (c, { email }) => {
        const address = await auth.verifyEmail.request(email, caller(c));
        return answers.json(200, { email: address, message: "verification mail sent" });
      },
  ),
  PUT: endpoint(
    {
      summary: "Verifies an email address.",
      fields: () =>
        z.object({
          email: email.describe("The address to verify."),
          token: z.string().min(1).describe("The token from the email."),
          password: password.describe("The password of the registration or, for an email change, of the account."),
        }),
      session: "optional",
      hashesPassword: true,
      answers: () => ({
        200: {
          description:
            "The address is verified. For an email change, the session of the request continues under a new id.",
          json: z.object({ email: emailAnswer, message: z.literal("email verified") }),
          headers: {
            "Set-Cookie":
              "Sets the device cookie, unless RATE_LIMIT is off. For an email change, also sets the session cookie.",
          },
        },
      }),
      refusals: ["bad_verify_token", "too_many_tries"],
    },
    (service) => {
      const { auth, settings, answers, caller } = service;
      return async (c, { email, token, password }) => {
        const redeemer = { ...caller(c), newDeviceSecret: createDeviceSecret() };
        const sessionId = await findSession(c, service);
        const { user, session } = await auth.verifyEmail.confirm({ email, token, password, sessionId }, redeemer);
        const kept = session ? createSessionCookies(c, service, session.sessionId) : [];
        const headers = { "Set-Cookie": [...rememberDevice(redeemer, settings), ...kept] };
        return answers.json(200, { email: user.email, message: "email verified" }, headers);
      };
    },
  ),
};
