import { type Language, toLanguage } from "../languages/languages.ts";
import type { RequestIds } from "../observe/request-ids.ts";
import { toStorableText } from "../values/storable.ts";

/** Who asks, as far as it is known: kept with the session, told in the log, and what a flood is divided by. */
export interface Caller {
  /** An IPv4 or IPv6 address. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What mails are written in. */
  readonly language?: Language | undefined;
  /** The secret of a device that an account may know. If there are several, the first that the account knows counts. */
  readonly device?: string | readonly string[] | undefined;
  /**
   * The secret that a caller without one gets when it redeems a mailed token. The account knows it from then on; the program
   * must hand it to the caller.
   */
  readonly newDevice?: string | undefined;
  /**
   * Names of what this request does, which only this caller can make again (`createIdempotencyKey`): the same request within a minute is
   * answered as done. Without names, each request does its work.
   */
  readonly idempotencyKeys?: readonly string[] | undefined;
  /** The request that they make it by, as it is called in the log. */
  readonly request?: RequestIds | undefined;
}

/**
 * Converts a program's description of a caller to values that every database and the log can hold. These are stored beside what
 * the caller does: a bad one must neither prevent the action nor hide it.
 */
export function sanitizeCaller(given: Caller | null | undefined): Caller {
  const { ip, userAgent, language, device, newDevice, idempotencyKeys: acts, request } = given ?? {};
  return {
    ip: toStorableText(ip) ?? undefined,
    userAgent: toStorableText(userAgent) ?? undefined,
    language: language === undefined ? undefined : toLanguage(language),
    device: Array.isArray(device) ? device.filter(isText) : isText(device) ? device : undefined,
    newDevice: isText(newDevice) ? newDevice : undefined,
    idempotencyKeys: Array.isArray(acts) ? acts.filter(isText) : undefined,
    request: requestIds(request),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function requestIds(given: RequestIds | null | undefined): RequestIds | undefined {
  const id = toStorableText(given?.id);
  if (id === null) return undefined;
  const [traceId, spanId] = [toStorableText(given?.traceId), toStorableText(given?.spanId)];
  return { id, ...(traceId !== null && spanId !== null && { traceId, spanId }) };
}
