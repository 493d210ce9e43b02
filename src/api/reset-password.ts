import { z } from "zod";
import type { RequestContext } from "../http/caller.ts";
import { createDeviceSecret } from "../http/cookies.ts";
import { endpoint } from "../http/endpoint.ts";
import { RequestError } from "../http/refusals.ts";
import { rememberDevice } from "../http/remember-device.ts";
import type { Resource } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";
import type { Settings } from "../settings/settings.ts";
import { deviceCookie, email, emailAnswer, newPassword, policyRefusals } from "./schemas.ts";

export const resetPassword: Resource = {
  POST: endpoint(
    {
      summary: "Creates a token that resets the password of an account.",
      fields: () => z.object({ email }),
      answers: () => ({
        200: {
          description: "Returns the token, or sends it by email if RESET_DELIVERY is `email`.",
          json: z.union([
            z.object({ email: emailAnswer, reset_token: z.string().describe("The token for `PUT /reset_password`.") }),
            z.object({ email: emailAnswer, message: z.literal("reset mail sent") }),
          ]),
        },
      }),
      refusals: ["unknown_email", "reset_delivery", "too_many_tries"],
    },
    ({ auth, settings, answers, caller }) =>
      async (c, { email }) => {
        if (settings.RESET_DELIVERY === "email") {
          const address = await auth.resetPassword.request(email, caller(c));
          return answers.json(200, { email: address, message: "reset mail sent" });
        }
        if (!mayHaveToken(c, settings)) {
          throw new RequestError(
            "reset_delivery",
            "reset tokens are returned only to programs on the same machine that call localhost or an address of that machine, without a proxy; RESET_DELIVERY=response returns them to every caller",
          );
        }
        const { email: address, resetToken } = await auth.resetPassword.createToken(email, caller(c));
        return answers.json(200, { email: address, reset_token: resetToken });
      },
  ),
  PUT: endpoint(
    {
      summary: "Sets a new password with a reset token.",
      fields: () =>
        z.object({ email, reset_token: z.string().min(1).describe("The reset token."), new_password: newPassword }),
      hashesPassword: true,
      answers: () => ({
        200: {
          description: "The password is changed, and all sessions of the user have ended.",
          json: z.object({ email: emailAnswer, message: z.literal("Password updated") }),
          headers: deviceCookie,
        },
      }),
      refusals: ["bad_reset_token", "password_missing", ...policyRefusals, "too_many_tries"],
    },
    ({ auth, settings, answers, caller }) =>
      async (c, { email, reset_token, new_password }) => {
        const redeemer = { ...caller(c), newDeviceSecret: createDeviceSecret() };
        const user = await auth.updatePassword(reset_token, new_password, email, redeemer);
        const headers = { "Set-Cookie": rememberDevice(redeemer, settings) };
        return answers.json(200, { email: user.email, message: "Password updated" }, headers);
      },
  ),
};

/** Returns true if the caller may receive a reset token. The token gives access to the account. */
function mayHaveToken(c: RequestContext, { RESET_DELIVERY }: Settings): boolean {
  return RESET_DELIVERY === "response" || isFromThisMachine(c);
}
