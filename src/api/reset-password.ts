import type { RequestContext } from "../http/caller.ts";
import { createDeviceSecret } from "../http/cookies.ts";
import { readFields } from "../http/fields.ts";
import { RequestError } from "../http/refusals.ts";
import { rememberDevice } from "../http/remember-device.ts";
import type { Resource, Service } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";

export function resetPassword({ auth, settings, answers, caller }: Service): Resource {
  /** Whoever gets a reset token gets the account: by default that is whoever has this machine. */
  const mayHaveToken = (c: RequestContext) => settings.RESET_DELIVERY === "response" || isFromThisMachine(c);
  return {
    async POST(c) {
      const { email = "" } = await readFields(c, "email");
      if (settings.RESET_DELIVERY === "email") {
        const address = await auth.resetPassword.request(email, caller(c));
        return answers.json(200, { email: address, message: "reset mail sent" });
      }
      if (!mayHaveToken(c)) {
        throw new RequestError(
          "reset_delivery",
          "reset tokens are given to programs on the service's own machine that call it by localhost or an address of that machine, and through no proxy; RESET_DELIVERY=response gives them to all",
        );
      }
      const made = await auth.resetPassword.createToken(email, caller(c));
      return answers.json(200, { email: made.email, reset_token: made.resetToken });
    },
    async PUT(c) {
      const {
        email = "",
        reset_token = "",
        new_password = "",
      } = await readFields(c, "email", "reset_token", "new_password");
      const redeemer = { ...caller(c), newDevice: createDeviceSecret() };
      const user = await auth.updatePassword(reset_token, new_password, email, redeemer);
      const headers = { "Set-Cookie": rememberDevice(redeemer, settings) };
      return answers.json(200, { email: user.email, message: "Password updated" }, headers);
    },
  };
}
