import type { FormPage } from "../kit/form.ts";
import { redirect, redirectAfterLogout } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import { findLoggedInUser, type Visit } from "../kit/visit.ts";
import { account } from "./account.ts";

/** Logs out one device, or all other devices if the form has no `session`. */
export const devices: FormPage = {
  isAccountPage: true,
  show: account.show,
  async submit(visit, { session }) {
    const { service, sessionId, caller, urlFor } = visit;
    const { auth } = service;
    if (session === undefined) {
      await auth.sessions.endOthers(sessionId, caller);
      return redirect(visit, urlFor(home), { code: "devices_ended" });
    }
    await auth.sessions.end(sessionId, session, caller);
    return redirectAfterLoggingOutDevice(visit);
  },
  repeatResponse: redirectAfterLoggingOutDevice,
};

/** Redirects to the login page if this browser was logged out, otherwise to the account page. */
async function redirectAfterLoggingOutDevice(visit: Visit): Promise<Response> {
  if (!(await findLoggedInUser(visit))) return redirectAfterLogout(visit, "logged_out");
  return redirect(visit, visit.urlFor(home, { from: visit.c.req.query("from") }), { code: "device_ended" });
}
