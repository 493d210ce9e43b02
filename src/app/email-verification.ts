import { newDevice } from "./cookies.ts";
import { needed, readFields } from "./fields.ts";
import { redeemerCookies } from "./redeemer.ts";
import type { Resource, Service } from "./service.ts";

export function emailVerification({ auth, settings, answers, caller }: Service): Resource {
  return {
    async POST(c) {
      const fields = await readFields(c, "email");
      const email = await auth.requestVerification(needed(fields.email, "email"), caller(c));
      return answers.json(200, { email, message: "verification mail sent" });
    },
    async PUT(c) {
      const { email = "", token = "", password = "" } = await readFields(c, "email", "token", "password");
      const redeemer = { ...caller(c), newDevice: newDevice() };
      const user = await auth.verifyEmail({ email, token, password }, redeemer);
      const headers = { "Set-Cookie": redeemerCookies(redeemer, settings) };
      return answers.json(200, { email: user.email, message: "email verified" }, headers);
    },
  };
}
