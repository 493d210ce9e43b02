import { unknownRoute } from "../observe/tracing.ts";
import { singleSlashes } from "./slashes.ts";

/** A parameter of a path, and what may stand there: `:id{[a-z]+}`. */
const parameter = /(:\w+)(?:\{((?:[^{}]|\{\d+\})+)\})?/g;

/**
 * Finds the path of the table that answers a request, by the name alone of its parameters (`/sessions/:id`); `other` for what
 * nothing answers. So a caller who invents paths makes no counters. Repeated slashes count as one, as in the app.
 */
export function routeFinder(paths: readonly string[]): (url: string | undefined) => string {
  const whole = new Set(paths.filter((path) => !path.includes(":")));
  const patterns = paths
    .filter((path) => !whole.has(path))
    .map((path) => ({ route: path.replace(parameter, "$1"), pattern: pathPattern(path) }));
  const find = (path: string) => (whole.has(path) ? path : patterns.find(({ pattern }) => pattern.test(path))?.route);
  return (url = "") => {
    const query = url.indexOf("?");
    const path = query === -1 ? url : url.slice(0, query);
    return find(path) ?? find(pathOf(path)) ?? unknownRoute;
  };
}

/** The path of a request target, which can be a URL (RFC 9112, 3.2.2) or a path, with single slashes. */
function pathOf(target: string): string {
  return singleSlashes(target.replace(/^https?:\/\/[^/]+\/?/i, "/"));
}

/** What the requests of a path look like, `/sessions/:id{[a-z]+}` for one. */
export function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replace(parameter, (_, __, form = "[^/]+") => form)}$`);
}
