import { readFields, required } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";

export function register({ auth, answers, caller }: Service): Resource {
  return {
    async POST(c) {
      const fields = await readFields(c, "email", "password");
      const given = required(fields.email, "email");
      const email = await auth.account.register(given, required(fields.password, "password"), caller(c));
      return answers.json(200, { email, message: "user created" });
    },
  };
}
