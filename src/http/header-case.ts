import { type OutgoingHttpHeaders, ServerResponse } from "node:http";

/**
 * A response with header names in title case (`Content-Type`), as in the standards. `Headers` lowercases names, and some programs
 * expect title case.
 */
export class TitleCaseResponse extends ServerResponse {
  override writeHead(status: number, ...rest: unknown[]): this {
    const headers = rest.at(-1);
    if (isLowerCase(headers)) rest[rest.length - 1] = titleCaseHeaders(headers);
    return super.writeHead(status, ...(rest as [OutgoingHttpHeaders?]));
  }
}

/** Checks only the first name, because all names come from the same object. */
function isLowerCase(headers: unknown): headers is OutgoingHttpHeaders {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  for (const name in headers) return name.charCodeAt(0) >= 97;
  return false;
}

export function titleCaseHeaders<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [toTitleCase(name), value]));
}

function toTitleCase(name: string): string {
  return name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
}
