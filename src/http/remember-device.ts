import type { Caller } from "../auth/auth.ts";
import type { Settings } from "../settings/settings.ts";
import { deviceCookie } from "./cookies.ts";

/**
 * Returns the Set-Cookie headers that make the caller a known device of an account after it used an emailed token. Empty if
 * RATE_LIMIT is off.
 */
export function rememberDevice({ deviceSecrets, newDeviceSecret }: Caller, settings: Settings): string[] {
  if (settings.RATE_LIMIT === "off") return [];
  const [secret = newDeviceSecret] = [deviceSecrets ?? []].flat();
  return secret === undefined ? [] : [deviceCookie(settings).set(secret)];
}
