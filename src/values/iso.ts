/** A time in milliseconds since 1970 as ISO 8601, UTC. */
export function toIso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
