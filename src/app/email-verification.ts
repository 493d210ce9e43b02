import { needed, readFields } from "./fields.ts";
import type { Resource, Service } from "./service.ts";

export function emailVerification({ auth, answers, caller }: Service): Resource {
  return {
    async POST(c) {
      const fields = await readFields(c, "email");
      const email = await auth.requestVerification(needed(fields.email, "email"), caller(c));
      return answers.json(200, { email, message: "verification mail sent" });
    },
    async PUT(c) {
      const { email = "", token = "", password = "" } = await readFields(c, "email", "token", "password");
      const user = await auth.verifyEmail({ email, token, password }, caller(c));
      return answers.json(200, { email: user.email, message: "email verified" });
    },
  };
}
