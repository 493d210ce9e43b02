/** A path with every run of slashes as one. An encoded slash (`%2F`) is no slash. */
export function singleSlashes(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}
