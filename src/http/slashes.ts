/** Replaces every run of slashes by one slash. Keeps encoded slashes (`%2F`). */
export function singleSlashes(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}
