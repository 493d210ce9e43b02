import { languageNamed } from "../languages/languages.ts";
import type { RequestIds } from "../observe/request-ids.ts";
import { storable } from "../values/storable.ts";
import type { Caller } from "./context.ts";

/**
 * Converts a program's description of a caller to values that every database and the log can hold. These are stored beside what
 * the caller does: a bad one must neither prevent the action nor hide it.
 */
export function callerOf(given: Caller | null | undefined): Caller {
  const { ip, userAgent, language, device, newDevice, acts, request } = given ?? {};
  return {
    ip: storable(ip) ?? undefined,
    userAgent: storable(userAgent) ?? undefined,
    language: language === undefined ? undefined : languageNamed(language),
    device: Array.isArray(device) ? device.filter(isText) : isText(device) ? device : undefined,
    newDevice: isText(newDevice) ? newDevice : undefined,
    acts: Array.isArray(acts) ? acts.filter(isText) : undefined,
    request: requestIds(request),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function requestIds(given: RequestIds | null | undefined): RequestIds | undefined {
  const id = storable(given?.id);
  if (id === null) return undefined;
  const [traceId, spanId] = [storable(given?.traceId), storable(given?.spanId)];
  return { id, ...(traceId !== null && spanId !== null && { traceId, spanId }) };
}
