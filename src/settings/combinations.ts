import type { Settings } from "./table.ts";

/** The cookies of the service beside the session's; over https their names begin with `__Host-`. */
const hostCookieNames = ["device_id", "form", "notice", "onward"] as const;

export type HostCookieName = (typeof hostCookieNames)[number];

/** Settings that are right one by one, yet not together. */
export function findConflicts(settings: Settings): string[] {
  const { COOKIE_NAME, COOKIE_DOMAIN, PUBLIC_URL, CORS_ORIGINS } = settings;
  const isHttps = PUBLIC_URL.startsWith("https:");
  const found: string[] = [];
  if (/^__(host|secure)-/i.test(COOKIE_NAME) && !isHttps) {
    found.push(`COOKIE_NAME=${COOKIE_NAME}: must be without this prefix while PUBLIC_URL is not https`);
  }
  if (/^__host-/i.test(COOKIE_NAME) && COOKIE_DOMAIN !== null) {
    found.push(`COOKIE_NAME=${COOKIE_NAME}: must begin with __Secure- instead while COOKIE_DOMAIN is set`);
  }
  if (hostCookieNames.some((name) => COOKIE_NAME === name || COOKIE_NAME === `__Host-${name}`)) {
    found.push(`COOKIE_NAME=${COOKIE_NAME}: must be another, such as session_id; this one is another cookie's`);
  }
  const host = new URL(PUBLIC_URL).hostname;
  if (COOKIE_DOMAIN !== null && host !== COOKIE_DOMAIN && !host.endsWith(`.${COOKIE_DOMAIN}`)) {
    found.push(`COOKIE_DOMAIN=${COOKIE_DOMAIN}: must be PUBLIC_URL's host, or what it ends with`);
  }
  if (isHttps && CORS_ORIGINS.some((allowed) => allowed.startsWith("http:"))) {
    found.push("CORS_ORIGINS: must be https as PUBLIC_URL is; anyone in between could speak as the others");
  }
  if (settings.CONCEAL_ACCOUNTS === "on" && settings.REQUIRE_VERIFIED_EMAIL === "off") {
    found.push("CONCEAL_ACCOUNTS=on: must be off without REQUIRE_VERIFIED_EMAIL=on, for a first login would tell");
  }
  if (settings.CONCEAL_ACCOUNTS === "on" && settings.RESET_DELIVERY !== "email") {
    found.push(`CONCEAL_ACCOUNTS=on: must be off while RESET_DELIVERY=${settings.RESET_DELIVERY}, which tells`);
  }
  if (settings.NODE_ENV === "production" && settings.UNSAFE_PRODUCTION !== "1")
    found.push(...findUnsafeSettings(settings));
  return found;
}

/** What would hand accounts of real people to others. */
function findUnsafeSettings({ RESET_DELIVERY, PUBLIC_URL, SMTP_URL }: Settings): string[] {
  const found: string[] = [];
  if (RESET_DELIVERY !== "email") {
    found.push(
      `RESET_DELIVERY=${RESET_DELIVERY}: must be email in production, for whoever gets a token gets the account`,
    );
  }
  if (!PUBLIC_URL.startsWith("https:")) {
    found.push(`PUBLIC_URL=${PUBLIC_URL}: must be https in production, for anyone in between reads passwords`);
  }
  if (SMTP_URL === null)
    found.push("SMTP_URL=none: must name a server in production; nobody looks at /dev/outbox there");
  return found.map((line) => `${line} (UNSAFE_PRODUCTION=1 allows it for a rehearsal)`);
}

/** Settings that are allowed but weak, and why. */
export function findWeakSettings({
  NODE_ENV,
  BCRYPT_COST,
  DATABASE_URL,
  RATE_LIMIT,
  UNSAFE_PRODUCTION,
}: Settings): Partial<Record<keyof Settings, string>> {
  return {
    ...(BCRYPT_COST < 10 && { BCRYPT_COST: "below 10: stolen hashes are cheap to guess" }),
    ...(NODE_ENV === "production" &&
      DATABASE_URL === "sqlite::memory:" && { DATABASE_URL: "sqlite::memory:: every account is lost when it stops" }),
    ...(NODE_ENV === "production" &&
      RATE_LIMIT === "off" && { RATE_LIMIT: "off: passwords can be guessed without end" }),
    ...(UNSAFE_PRODUCTION === "1" && { UNSAFE_PRODUCTION: "1: accounts may be handed to strangers" }),
  };
}
