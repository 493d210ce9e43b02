import assert from "node:assert/strict";
import { descriptions } from "../../../src/app.ts";
import { type Description, listRefusals, type Method } from "../../../src/http/description.ts";
import { errorCodes, formStale } from "../../../src/http/error-codes.ts";
import { pathPattern } from "../../../src/http/routes.ts";
import { singleSlashes } from "../../../src/http/slashes.ts";

/** The parts of a response that are compared with its description. */
export interface Answer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The headers that every response can have: those of the app, of CORS, and of Node's server. */
const commonHeaders = new Set([
  "cache-control",
  "content-security-policy",
  "content-type",
  "referrer-policy",
  "strict-transport-security",
  "vary",
  "x-content-type-options",
  "access-control-allow-credentials",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
]);
const errorHeaders = new Set([...commonHeaders, "error-code"]);
const preflightHeaders = ["access-control-allow-headers", "access-control-allow-methods", "access-control-max-age"];

const statuses: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(errorCodes).map(([code, { status }]) => [code, status])),
  form_stale: formStale.status,
};
/** The refusals of requests that reach no endpoint. */
const unroutedCodes = ["not_found", "method_not_allowed", "database_unavailable", "internal"];

const routes = Object.entries(descriptions).map(([path, methods]) => ({ path, pattern: pathPattern(path), methods }));

interface Match {
  readonly name: string;
  readonly method: Method;
  readonly description: Description;
}

function findEndpoint(method: string, url: string): Match | undefined {
  const path = singleSlashes(new URL(url).pathname);
  const route = routes.find(({ pattern }) => pattern.test(path));
  const routeMethod = (method === "HEAD" ? "GET" : method) as Method;
  const description = route?.methods[routeMethod];
  return description && { name: `${routeMethod} ${route?.path}`, method: routeMethod, description };
}

/**
 * Compares a response with the description of its endpoint.
 *
 * @returns the endpoint with the status or error code, to list those that no test has seen; undefined if the request reached no endpoint
 * @throws {AssertionError} if the status, a header, the body or the `Error-Code` is not described
 */
export function checkAnswer(answer: Answer): string | undefined {
  const { method, url, status } = answer;
  const match = findEndpoint(method, url);
  const name = `${method} ${new URL(url).pathname} ${status}`;
  if (status >= 400) return checkRefusal(name, answer, match);
  if (method === "OPTIONS" && status === 204) {
    checkHeaders(name, answer, new Set([...commonHeaders, ...preflightHeaders]));
    return undefined;
  }
  assert.ok(match, `${name}: no description`);
  const described = match.description.answers()[status];
  assert.ok(described, `${name}: the status is not described`);
  const { json, content = [], headers = {} } = described;
  checkHeaders(name, answer, new Set([...commonHeaders, ...Object.keys(headers).map((each) => each.toLowerCase())]));
  const type = mediaType(answer);
  if (method === "HEAD") return `${match.name} ${status}`;
  if (json && type === "application/json") {
    const body = parseBody(name, answer);
    const parsed = json.safeParse(body);
    assert.ok(parsed.success, `${name}: ${parsed.error?.message}`);
    assert.deepEqual(body, parsed.data, `${name}: the body has more than its description`);
  } else if (type === "" || (!json && content.length === 0)) {
    assert.equal(answer.body, "", `${name}: the body is not described`);
    assert.ok(!json && content.length === 0, `${name}: the body is missing`);
  } else assert.ok(content.includes(type), `${name}: ${type} is not described`);
  return `${match.name} ${status}`;
}

function checkRefusal(name: string, answer: Answer, match: Match | undefined): string | undefined {
  const { method, status, headers } = answer;
  const code = headers.get("Error-Code") ?? "";
  assert.equal(statuses[code], status, `${name}: ${code || "no Error-Code"}`);
  const codes: readonly string[] = match ? listRefusals(match.method, match.description) : unroutedCodes;
  assert.ok(codes.includes(code), `${name}: ${code} is not described`);
  const allowed = new Set(errorHeaders);
  if (status >= 500) allowed.add("x-request-id");
  if (["busy", "database_unavailable", "too_many_tries"].includes(code)) allowed.add("retry-after");
  if (code === "method_not_allowed") allowed.add("allow");
  const isPage = mediaType(answer) === "text/html";
  if (isPage) allowed.add("set-cookie");
  checkHeaders(name, answer, allowed);
  if (isPage)
    assert.ok(!match || match.method === "GET" || match.description.isPage, `${name}: an HTML page is not described`);
  else if (method !== "HEAD") {
    const { message, ...more } = parseBody(name, answer) as Record<string, unknown>;
    assert.deepEqual(more, {}, `${name}: the body has more than a message`);
    assert.match(String(message), messagePattern(code as keyof typeof errorCodes), `${name} ${code}: ${message}`);
  }
  return match && `${match.name} ${code}`;
}

function checkHeaders(name: string, { headers }: Answer, allowed: ReadonlySet<string>): void {
  for (const [header] of headers) assert.ok(allowed.has(header), `${name}: the header ${header} is not described`);
}

function messagePattern(code: keyof typeof errorCodes): RegExp {
  const text = errorCodes[code].message.replace(/[.()/]/g, "\\$&").replaceAll("…", ".+");
  return new RegExp(`^${text}(: it contains an invisible character)?$`);
}

function mediaType({ headers }: Answer): string {
  return headers.get("Content-Type")?.split(";")[0]?.trim() ?? "";
}

function parseBody(name: string, { body }: Answer): unknown {
  assert.match(body, /^\{.*\}\n$/, `${name}: not one line of JSON`);
  return JSON.parse(body);
}
