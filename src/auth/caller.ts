import { type Language, toLanguage } from "../languages/languages.ts";
import type { RequestIds } from "../observe/request-ids.ts";
import { toStorableText } from "../values/storable.ts";

/** The party behind a request: stored with the session, logged, and rate-limited. */
export interface Caller {
  /** An IPv4 or IPv6 address. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The language of emails. */
  readonly language?: Language | undefined;
  /** Secrets from the caller's device cookies. The first one that the account knows is used. */
  readonly deviceSecrets?: string | readonly string[] | undefined;
  /**
   * The device secret to use if a caller without one redeems a mailed token. The account knows it from then on, and the
   * program must set it as the caller's device cookie.
   */
  readonly newDeviceSecret?: string | undefined;
  /**
   * Keys of this request (`createIdempotencyKey`): a second request with the same keys within a minute has no further
   * effect. Without keys, every request takes effect.
   */
  readonly idempotencyKeys?: readonly string[] | undefined;
  /** The ids of the request in the log. */
  readonly requestIds?: RequestIds | undefined;
}

/**
 * Removes or replaces values that cannot be stored or logged. A program may pass anything, and a bad value must neither
 * make an action fail nor hide it from the audit trail.
 */
export function sanitizeCaller(caller: Caller | null | undefined): Caller {
  const { ip, userAgent, language, deviceSecrets, newDeviceSecret, idempotencyKeys, requestIds } = caller ?? {};
  return {
    ip: toStorableText(ip) ?? undefined,
    userAgent: toStorableText(userAgent) ?? undefined,
    language: language === undefined ? undefined : toLanguage(language),
    deviceSecrets: Array.isArray(deviceSecrets)
      ? deviceSecrets.filter(isString)
      : isString(deviceSecrets)
        ? deviceSecrets
        : undefined,
    newDeviceSecret: isString(newDeviceSecret) ? newDeviceSecret : undefined,
    idempotencyKeys: Array.isArray(idempotencyKeys) ? idempotencyKeys.filter(isString) : undefined,
    requestIds: sanitizeRequestIds(requestIds),
  };
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function sanitizeRequestIds(ids: RequestIds | null | undefined): RequestIds | undefined {
  const id = toStorableText(ids?.id);
  if (id === null) return undefined;
  const [traceId, spanId] = [toStorableText(ids?.traceId), toStorableText(ids?.spanId)];
  return { id, ...(traceId !== null && spanId !== null && { traceId, spanId }) };
}
