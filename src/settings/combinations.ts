import type { Settings } from "./table.ts";

/** The cookies of the service other than the session cookie. Over https their names begin with `__Host-`. */
const hostCookieNames = ["device_id", "form", "notice", "onward"] as const;

export type HostCookieName = (typeof hostCookieNames)[number];

/** Returns a message for each setting that is valid, but not in combination with another one. */
export function findConflicts(settings: Settings): string[] {
  const { COOKIE_NAME, COOKIE_DOMAIN, PUBLIC_URL, CORS_ORIGINS } = settings;
  const isHttps = PUBLIC_URL.startsWith("https:");
  const conflicts: string[] = [];
  if (/^__(host|secure)-/i.test(COOKIE_NAME) && !isHttps) {
    conflicts.push(`COOKIE_NAME=${COOKIE_NAME}: must not have this prefix unless PUBLIC_URL is https`);
  }
  if (/^__host-/i.test(COOKIE_NAME) && COOKIE_DOMAIN !== null) {
    conflicts.push(`COOKIE_NAME=${COOKIE_NAME}: must begin with __Secure- instead if COOKIE_DOMAIN is set`);
  }
  if (hostCookieNames.some((name) => COOKIE_NAME === name || COOKIE_NAME === `__Host-${name}`)) {
    conflicts.push(
      `COOKIE_NAME=${COOKIE_NAME}: must be another name, such as session_id; the service uses this one for another cookie`,
    );
  }
  const host = new URL(PUBLIC_URL).hostname;
  if (COOKIE_DOMAIN !== null && host !== COOKIE_DOMAIN && !host.endsWith(`.${COOKIE_DOMAIN}`)) {
    conflicts.push(`COOKIE_DOMAIN=${COOKIE_DOMAIN}: must be PUBLIC_URL's host or a parent domain of it`);
  }
  if (isHttps && CORS_ORIGINS.some((allowed) => allowed.startsWith("http:"))) {
    conflicts.push(
      "CORS_ORIGINS: must be https origins if PUBLIC_URL is https; attackers on the network can impersonate http origins",
    );
  }
  if (settings.CONCEAL_ACCOUNTS === "on" && settings.REQUIRE_VERIFIED_EMAIL === "off") {
    conflicts.push(
      "CONCEAL_ACCOUNTS=on: must be off unless REQUIRE_VERIFIED_EMAIL=on; otherwise a first login reveals whether the account existed",
    );
  }
  if (settings.CONCEAL_ACCOUNTS === "on" && settings.RESET_DELIVERY !== "email") {
    conflicts.push(
      `CONCEAL_ACCOUNTS=on: must be off while RESET_DELIVERY=${settings.RESET_DELIVERY}, which reveals whether an account exists`,
    );
  }
  if (settings.NODE_ENV === "production" && settings.UNSAFE_PRODUCTION !== "1")
    conflicts.push(...findUnsafeSettings(settings));
  return conflicts;
}

/** Returns a message for each setting that gives attackers access to accounts in production. */
function findUnsafeSettings({ RESET_DELIVERY, PUBLIC_URL, SMTP_URL }: Settings): string[] {
  const unsafe: string[] = [];
  if (RESET_DELIVERY !== "email") {
    unsafe.push(
      `RESET_DELIVERY=${RESET_DELIVERY}: must be email in production; anyone with the token can take over the account`,
    );
  }
  if (!PUBLIC_URL.startsWith("https:")) {
    unsafe.push(
      `PUBLIC_URL=${PUBLIC_URL}: must be https in production; otherwise passwords can be read on the network`,
    );
  }
  if (SMTP_URL === null)
    unsafe.push("SMTP_URL=none: must be the URL of a mail server in production, which has no /dev/outbox");
  return unsafe.map((line) => `${line} (set UNSAFE_PRODUCTION=1 to allow it for a rehearsal)`);
}

/** Returns the settings that are valid but weak, each with the reason. */
export function findWeakSettings({
  NODE_ENV,
  BCRYPT_COST,
  DATABASE_URL,
  RATE_LIMIT,
  UNSAFE_PRODUCTION,
}: Settings): Partial<Record<keyof Settings, string>> {
  return {
    ...(BCRYPT_COST < 10 && { BCRYPT_COST: "below 10: passwords are cheap to crack if their hashes are stolen" }),
    ...(NODE_ENV === "production" &&
      DATABASE_URL === "sqlite::memory:" && {
        DATABASE_URL: "sqlite::memory:, so all accounts are lost when the service stops",
      }),
    ...(NODE_ENV === "production" &&
      RATE_LIMIT === "off" && { RATE_LIMIT: "off: the number of attempts to guess a password is not limited" }),
    ...(UNSAFE_PRODUCTION === "1" && { UNSAFE_PRODUCTION: "1: settings that expose accounts are allowed" }),
  };
}
