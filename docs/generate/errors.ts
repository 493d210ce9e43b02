import { STATUS_CODES } from "node:http";
import { descriptions } from "../../src/app.ts";
import { connectionErrors } from "../../src/http/connection-errors.ts";
import { type Description, listRefusals, type Method } from "../../src/http/description.ts";
import { errorCodes, formStale } from "../../src/http/error-codes.ts";
import type { Generator } from "./generator.ts";
import { formatPath } from "./routes.ts";
import { formatTable } from "./table.ts";

/** The tables of docs/errors.md. */
export const errors: readonly Generator[] = [
  { path: "docs/errors.md", part: "app", text: appTable },
  { path: "docs/errors.md", part: "pages", text: pageTable },
  { path: "docs/errors.md", part: "server", text: serverTable },
];

interface Route {
  readonly name: string;
  readonly description: Description;
  readonly codes: ReadonlySet<string>;
}

const routes: readonly Route[] = Object.entries(descriptions).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, description]) => ({
    name: `\`${method} ${formatPath(path)}\``,
    description,
    codes: new Set(listRefusals(method as Method, description)),
  })),
);

/** The endpoints of codes that have none in the API, or too many to list. */
const endpointSummaries: Readonly<Record<string, string>> = {
  internal: "all",
  database_unavailable: "all",
  not_found: "unknown paths, and paths that are hidden from the caller",
  method_not_allowed: "all paths",
  cross_site: "all but GET and HEAD",
  body_malformed: "all with fields",
  body_too_large: "all with fields",
  body_type_unsupported: "all with fields",
  field_repeated: "all with fields or query parameters",
  not_logged_in: "all that need a session",
  busy: "all that hash a password",
};

function appTable(): string {
  const rows = Object.entries(errorCodes).map(([code, { status, message, when, remedy }]) => [
    `\`${code}\``,
    status,
    `\`${message}\``,
    when,
    remedy,
    endpointsOf(code),
  ]);
  return formatTable(["code", "status", "message", "when it happens", "what to do", "endpoints"], rows);
}

function endpointsOf(code: string): string {
  const api = routes.filter(({ description, codes }) => codes.has(code) && !description.isPage);
  return endpointSummaries[code] ?? api.map(({ name }) => name).join(", ");
}

function serverTable(): string {
  const rows = Object.entries(connectionErrors).map(([status, { code, when, remedy }]) => [
    status,
    `\`${STATUS_CODES[status]?.toLowerCase()}\``,
    `\`${code}\``,
    when,
    remedy,
  ]);
  return formatTable(["status", "message", "code", "when it happens", "what to do"], rows);
}

function pageTable(): string {
  const rows = [["`form_stale`", formStale.status, formStale.when, formStale.remedy]];
  return formatTable(["code", "status", "when it happens", "what to do"], rows);
}
