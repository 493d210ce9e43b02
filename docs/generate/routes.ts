import { z } from "zod";
import { descriptions } from "../../src/app.ts";
import type { Description, TextFields } from "../../src/http/description.ts";
import type { Generator } from "./generator.ts";
import { formatTable } from "./table.ts";

/** The tables of README.md and docs/integrating.md. */
export const routes: readonly Generator[] = [
  { path: "README.md", part: "routes", text: summaryTable },
  { path: "docs/integrating.md", part: "routes", text: responseTable },
];

/** The requests that the README shows as commands. */
const readmeRequests = new Set([
  "GET /",
  "POST /users",
  "POST /sessions",
  "DELETE /sessions",
  "GET /profile",
  "POST /reset_password",
  "PUT /reset_password",
]);
/** Paths for operators and developers, which other documents describe. */
const internalPath = /^\/(assets|dev|health|metrics)\b/;

/** The requests of the API that the README does not show as commands. */
const otherRequests = Object.entries(descriptions).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, description]) => {
    const request = `${method} ${formatPath(path)}`;
    const isOther = !description.isPage && path !== "/" && !internalPath.test(path) && !readmeRequests.has(request);
    return isOther ? [{ request, description }] : [];
  }),
);

function summaryTable(): string {
  const rows = otherRequests.map(({ request, description: { summary, fields } }) => {
    const words = [request, ...Object.keys(fields?.().shape ?? {})];
    return [words.map((word) => `\`${word}\``).join(" "), summary];
  });
  return formatTable(["request and fields", "what it does"], rows);
}

function responseTable(): string {
  const rows = otherRequests.map(({ request, description }) => {
    const needsConfirmation = description.refusals.includes("password_needed");
    const precondition = needsConfirmation ? ", within ten minutes of a login or `POST /sessions/confirm`" : "";
    return [`\`${request}\`${precondition}`, formatInput(description), formatAnswers(description)];
  });
  return formatTable(["request", "fields and parameters", "response"], rows);
}

function formatInput({ path, query, fields }: Description): string {
  const parts = [
    ...formatFields(path, (name) => `{${name}}`),
    ...formatFields(query, (name) => `?${name}=`),
    ...formatFields(fields, (name) => name),
  ];
  return parts.join("<br>");
}

function formatFields(fields: (() => TextFields) | undefined, formatName: (name: string) => string): string[] {
  return Object.entries(fields?.().shape ?? {}).map(([name, field]) => {
    const optional = field.isOptional() ? " (optional)" : "";
    return `\`${formatName(name)}\`${optional}: ${field.description}`;
  });
}

function formatAnswers({ answers }: Description): string {
  const parts = Object.entries(answers()).map(([status, { description, json }]) => {
    const body = json ? ` \`${formatBody(z.toJSONSchema(json))}\`` : "";
    return `${status}${body}<br>${description}`;
  });
  return parts.join("<br>");
}

type JsonSchema = z.core.JSONSchema._JSONSchema;

/** Formats a JSON body with its keys and constants: `…` stands for any value, and optional keys have a `?`. */
function formatBody(schema: JsonSchema | undefined): string {
  if (typeof schema !== "object") return "…";
  const { const: constant, properties, required = [], items } = schema;
  if (constant !== undefined) return JSON.stringify(constant);
  if (properties) {
    const pairs = Object.entries(properties).map(
      ([name, value]) => `"${name}"${required.includes(name) ? "" : "?"}:${formatBody(value)}`,
    );
    return `{${pairs.join(",")}}`;
  }
  return items === undefined || Array.isArray(items) ? "…" : `[${formatBody(items)}]`;
}

/** Returns a path in the form `/sessions/{id}`. */
export function formatPath(path: string): string {
  return path.replace(/:(\w+)(\{.*\})?/g, "{$1}");
}
