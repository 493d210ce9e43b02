import { unknownRoute } from "../observe/tracing.ts";
import { singleSlashes } from "./slashes.ts";

/** A parameter of a path with its pattern, such as `:id{[a-z]+}`. */
const parameter = /(:\w+)(?:\{((?:[^{}]|\{\d+\})+)\})?/g;

/**
 * Returns a function that finds the route of a URL, such as `/sessions/:id`. It returns `other` for an unknown path, so that such
 * requests create no new metrics. Repeated slashes count as one, as in the app.
 */
export function createRouteFinder(paths: readonly string[]): (url: string | undefined) => string {
  const fixed = new Set(paths.filter((path) => !path.includes(":")));
  const patterns = paths
    .filter((path) => !fixed.has(path))
    .map((path) => ({ route: path.replace(parameter, "$1"), pattern: pathPattern(path) }));
  const find = (path: string) => (fixed.has(path) ? path : patterns.find(({ pattern }) => pattern.test(path))?.route);
  return (url = "") => {
    const query = url.indexOf("?");
    const path = query === -1 ? url : url.slice(0, query);
    return find(path) ?? find(pathOf(path)) ?? unknownRoute;
  };
}

/** Returns the path of a request target, which can be a URL (RFC 9112, 3.2.2), with single slashes. */
function pathOf(target: string): string {
  return singleSlashes(target.replace(/^https?:\/\/[^/]+\/?/i, "/"));
}

/** Returns the expression that matches the paths of a route such as `/sessions/:id{[a-z]+}`. */
export function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replace(parameter, (_, __, form = "[^/]+") => form)}$`);
}
