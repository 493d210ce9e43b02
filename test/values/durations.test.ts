import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatWait } from "../../src/values/durations.ts";

const normalizeSpaces = (text: string) => text.replace(/\s/g, " ");

test("waiting times are formatted in each language", () => {
  const minute = 60;
  const hour = 60 * minute;
  const day = 24 * hour;
  for (const [seconds, en, fr] of [
    [0.2, "1 second", "1 seconde"],
    [1, "1 second", "1 seconde"],
    [30, "30 seconds", "30 secondes"],
    [59, "59 seconds", "59 secondes"],
    [minute, "1 minute", "1 minute"],
    [minute + 1, "61 seconds", "61 secondes"],
    [2 * minute - 1, "119 seconds", "119 secondes"],
    [2 * minute, "2 minutes", "2 minutes"],
    [4 * minute + 1, "5 minutes", "5 minutes"],
    [15 * minute, "15 minutes", "15 minutes"],
    [hour - 1, "1 hour", "1 heure"],
    [hour, "1 hour", "1 heure"],
    [hour + 1, "61 minutes", "61 minutes"],
    [90 * minute, "90 minutes", "90 minutes"],
    [2 * hour - 1, "2 hours", "2 heures"],
    [day - 1, "24 hours", "24 heures"],
    [1440 * minute, "24 hours", "24 heures"],
    [2 * day - 1, "2 days", "2 jours"],
    [7 * day, "7 days", "7 jours"],
    [30 * day, "30 days", "30 jours"],
  ] as const) {
    assert.equal(normalizeSpaces(formatWait(seconds, "en")), en);
    assert.equal(normalizeSpaces(formatWait(seconds, "fr")), fr);
  }
});

test("a formatted waiting time is at least the exact time, and less than 50% longer", () => {
  const lengths: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: 86_400 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 31 * 86_400 }), (seconds) => {
      const [count = "", unit = ""] = normalizeSpaces(formatWait(seconds, "en")).replace(/s$/, "").split(" ");
      const formatted = Number(count) * (lengths[unit] ?? Number.NaN);
      assert.ok(formatted >= seconds && formatted < 1.5 * seconds + 1, `${seconds}: ${formatted}`);
      assert.ok(Number(count) < 120, `${seconds}: ${count} ${unit}`);
    }),
  );
});
