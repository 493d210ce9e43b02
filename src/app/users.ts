import { caller } from "./caller.ts";
import { needed, readFields } from "./fields.ts";
import type { Resource, Service } from "./service.ts";

export function users({ auth, answers }: Service): Resource {
  return {
    async POST(c) {
      const fields = await readFields(c, "email", "password");
      const email = needed(fields.email, "email");
      const user = await auth.registerUser(email, needed(fields.password, "password"), caller(c));
      return answers.json(200, { email: user.email, message: "user created" });
    },
  };
}
