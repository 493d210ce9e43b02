import { createLoginCookies, readSessionIds } from "../../http/session-cookies.ts";
import type { Notice } from "./notice.ts";
import { redirectAfterLogin } from "./redirects.ts";
import type { Visit } from "./visit.ts";

export async function logInAndRedirect(
  visit: Visit,
  { email, password }: { email: string; password: string },
  notice?: Notice,
): Promise<Response> {
  const { c, service, caller, cookies } = visit;
  const replaces = readSessionIds(c, service.settings);
  const opened = await service.auth.logIn({ email, password, replaces }, caller);
  cookies.push(...createLoginCookies(c, opened, service));
  return redirectAfterLogin(visit, notice);
}
