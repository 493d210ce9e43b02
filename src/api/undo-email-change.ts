import { readFields } from "../http/fields.ts";
import type { Resource, Service } from "../http/service.ts";

export function undoEmailChange({ auth, answers, caller }: Service): Resource {
  return {
    async PUT(c) {
      const { email, token = "" } = await readFields(c, "email", "token");
      const user = await auth.undoEmailChange.undo(token, email, caller(c));
      return answers.json(200, { email: user.email, message: "email change undone" });
    },
  };
}
