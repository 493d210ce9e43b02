import { type OutgoingHttpHeaders, ServerResponse } from "node:http";

/**
 * A response whose header names are spelled as in the standards (`Content-Type`). `Headers` lowercases them, and some programs
 * expect the usual spelling.
 */
export class TitleCaseResponse extends ServerResponse {
  override writeHead(status: number, ...rest: unknown[]): this {
    const given = rest.at(-1);
    if (isLowerCase(given)) rest[rest.length - 1] = titleCaseHeaders(given);
    return super.writeHead(status, ...(rest as [OutgoingHttpHeaders?]));
  }
}

/** Checks the first name only: all of them have the same origin. */
function isLowerCase(headers: unknown): headers is OutgoingHttpHeaders {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  for (const name in headers) return name.charCodeAt(0) >= 97;
  return false;
}

/** Headers under names that are spelled as in the standards. */
export function titleCaseHeaders<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [toTitleCase(name), value]));
}

/** Capitalizes each word. */
function toTitleCase(name: string): string {
  return name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
}
