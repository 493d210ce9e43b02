/** A path with every run of slashes replaced by one. An encoded slash (`%2F`) does not count. */
export function singleSlashes(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}
