import type { Resource, Service } from "../http/service.ts";

/** Whether the process runs: if not, start it anew. */
export function live({ answers }: Service): Resource {
  return { GET: () => answers.json(200, { status: "live" }) };
}

/** Whether the database answers: if not, send people elsewhere until it does. */
export function ready({ auth, answers }: Service): Resource {
  return {
    async GET() {
      await auth.ping();
      return answers.json(200, { status: "ready" });
    },
  };
}
