const second = 1000;
/** In milliseconds. */
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

const units = { day, hour, minute, second };
const unitByLetter = { d: day, h: hour, m: minute, s: second };

/** Returns the milliseconds of a duration such as `90s` or `30d`. */
export function parseDuration(text: string): number {
  return Number(text.slice(0, -1)) * unitByLetter[text.at(-1) as keyof typeof unitByLetter];
}

/** Formats a lifetime in milliseconds in the largest unit that is exact: `90 minutes`. */
export function formatLifetime(milliseconds: number, language: string): string {
  const [unit, length] = Object.entries(units).find(([, each]) => milliseconds % each === 0) ?? ["second", second];
  return formatUnit(milliseconds / length, unit, language);
}

/**
 * Formats a waiting time, rounded up: `30 seconds`, `90 seconds`, `5 minutes`, `24 hours`. Uses a larger unit only if its count is
 * exactly 1 or at least 2. Days start at 2.
 *
 * @param seconds at least 1
 */
export function formatWait(seconds: number, language: string): string {
  let [count, unit] = [Math.ceil(seconds), "second"];
  // Rounding in one unit can reach the next: 7199 seconds are 120 minutes, which are 2 hours.
  if (count === 60 || count >= 120) [count, unit] = [Math.ceil(count / 60), "minute"];
  if (unit === "minute" && (count === 60 || count >= 120)) [count, unit] = [Math.ceil(count / 60), "hour"];
  if (unit === "hour" && count >= 48) [count, unit] = [Math.ceil(count / 24), "day"];
  return formatUnit(count, unit, language);
}

function formatUnit(count: number, unit: string, language: string): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
