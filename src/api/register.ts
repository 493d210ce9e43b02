import { needed, readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";

export function register({ auth, answers, caller }: Service): Resource {
  return {
    async POST(c) {
      const fields = await readFields(c, "email", "password");
      const given = needed(fields.email, "email");
      const email = await auth.account.register(given, needed(fields.password, "password"), caller(c));
      return answers.json(200, { email, message: "user created" });
    },
  };
}
