import { readFields, required } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";
import { findSession } from "../http/session-cookies.ts";

export function changeEmail(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async PUT(c) {
      const fields = await readFields(c, "email");
      const email = await auth.account.changeEmail(
        await findSession(c, service),
        required(fields.email, "email"),
        caller(c),
      );
      return answers.json(200, { email, message: "verification mail sent" });
    },
  };
}
