import { descriptions } from "../../src/app.ts";
import type { Generator } from "./generator.ts";

/** The table of the README. */
export const routes: readonly Generator[] = [{ path: "README.md", part: "routes", text: routeTable }];

/** The requests that the README shows as commands. */
const shown = new Set([
  "GET /",
  "POST /users",
  "POST /sessions",
  "DELETE /sessions",
  "GET /profile",
  "POST /reset_password",
  "PUT /reset_password",
]);
/** Paths for operators and developers, which other documents describe. */
const internal = /^\/(assets|dev|health|metrics)\b/;

function routeTable(): string {
  const rows = Object.entries(descriptions).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { summary, fields, isPage }]) => {
      const request = `${method} ${formatPath(path)}`;
      if (isPage || path === "/" || internal.test(path) || shown.has(request)) return [];
      const words = [request, ...Object.keys(fields?.().shape ?? {})];
      return [`| ${words.map((word) => `\`${word}\``).join(" ")} | ${summary} |\n`];
    }),
  );
  return `| request and fields | what it does |\n|---|---|\n${rows.join("")}`;
}

/** Returns a path in the form `/sessions/{id}`. */
export function formatPath(path: string): string {
  return path.replace(/:(\w+)(\{.*\})?/g, "{$1}");
}
