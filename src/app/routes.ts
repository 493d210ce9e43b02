/**
 * Finds the path of the table that answers a request, of those that have a parameter (`/sessions/:id`) too; `other` for what
 * nothing answers. So a caller who invents paths makes no counters.
 */
export function routeFinder(paths: readonly string[]): (url: string | undefined) => string {
  const whole = new Map(paths.map((path) => [path, path]));
  const patterns = paths.filter((path) => path.includes(":")).map((path) => ({ path, pattern: pathPattern(path) }));
  return (url = "") => {
    const query = url.indexOf("?");
    const path = query === -1 ? url : url.slice(0, query);
    return whole.get(path) ?? patterns.find(({ pattern }) => pattern.test(path))?.path ?? other;
  };
}

/** The route of what nothing answers. */
export const other = "other";

/** What the requests of a path look like, `/sessions/:id{[a-z]+}` for one. */
export function pathPattern(path: string): RegExp {
  return new RegExp(
    `^${path.replaceAll(".", "\\.").replace(/:\w+(?:\{((?:[^{}]|\{\d+\})+)\})?/g, (_, form = "[^/]+") => form)}$`,
  );
}
