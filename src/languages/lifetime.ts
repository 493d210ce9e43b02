import type { Language } from "./languages.ts";

/** `1 hour`: how long a link works, in the largest unit that says it without a fraction. */
export function lifetimeInWords(milliseconds: number, language: Language): string {
  const units = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1000 };
  const [unit, length] = Object.entries(units).find(([, each]) => milliseconds % each === 0) ?? ["second", 1000];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(milliseconds / length);
}
