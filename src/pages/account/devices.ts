import type { Page } from "../kit/form.ts";
import { goOut, goTo } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import { loggedIn, type Visit } from "../kit/visit.ts";
import { account } from "./account.ts";

/** Logs out a device, or all but this one. */
export const devices: Page = {
  isAccounts: true,
  fields: { session: false },
  show: account.show,
  async submit(visit, { session }) {
    const { service, sessionId, caller, to } = visit;
    const { auth } = service;
    if (session === undefined) {
      await auth.sessions.endOthers(sessionId, caller);
      return goTo(visit, to(home), { code: "devices_ended" });
    }
    await auth.sessions.end(sessionId, session, caller);
    return deviceEnded(visit);
  },
  again: deviceEnded,
};

/** It may have been this one. */
async function deviceEnded(visit: Visit): Promise<Response> {
  if (!(await loggedIn(visit))) return goOut(visit, "logged_out");
  return goTo(visit, visit.to(home, { from: visit.c.req.query("from") }), { code: "device_ended" });
}
