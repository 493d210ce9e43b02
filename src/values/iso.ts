/** Formats milliseconds since the epoch as ISO 8601 in UTC. */
export function toIso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
