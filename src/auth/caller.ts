import { languageNamed } from "../languages/languages.ts";
import type { RequestIds } from "../request-ids.ts";
import { storable } from "../storable.ts";
import type { Caller } from "./context.ts";

/**
 * A caller as a program describes it, in values that every database and the log can hold. Who calls is written beside what
 * they do: nothing in it may keep that from being done, or from being known.
 */
export function callerOf(given: Caller | null | undefined): Caller {
  const { ip, userAgent, language, device, acts, request } = given ?? {};
  return {
    ip: storable(ip) ?? undefined,
    userAgent: storable(userAgent) ?? undefined,
    language: language === undefined ? undefined : languageNamed(language),
    device: Array.isArray(device) ? device.filter(isText) : isText(device) ? device : undefined,
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
