import type { Resource, Service } from "../http/service.ts";
import { findSession } from "../http/session-cookies.ts";

/** All that is held about a person. */
export function exportAccount(service: Service): Resource {
  const { auth, answers, caller } = service;
  return {
    async GET(c) {
      const all = await auth.account.exportData(await findSession(c, service), caller(c));
      return answers.json(200, all, { "Content-Disposition": 'attachment; filename="account.json"' });
    },
  };
}
