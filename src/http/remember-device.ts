import type { Caller } from "../auth/auth.ts";
import type { Settings } from "../settings/settings.ts";
import { deviceCookie } from "./cookies.ts";

/** The Set-Cookie headers by which the account of a redeemed token knows the caller; none where attempts are not limited. */
export function rememberDevice({ device, newDevice }: Caller, settings: Settings): string[] {
  if (settings.RATE_LIMIT === "off") return [];
  const [secret = newDevice] = [device ?? []].flat();
  return secret === undefined ? [] : [deviceCookie(settings).set(secret)];
}
