import { createHash } from "node:crypto";
import type { Log } from "../../observe/log.ts";
import { readWithLimit } from "../../values/read-with-limit.ts";

/** In milliseconds. */
const requestTimeout = 1000;
/** In bytes: several times the size of a padded range. */
const maxRangeSize = 256 * 1024;

/** Thrown for a response that is not a range. The message can be logged. */
class InvalidRange extends Error {}

/**
 * Returns true if a password has appeared in a data breach, by the range API of Have I Been Pwned
 * (https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange). The API receives the first 5 of the 40 characters of
 * the password's SHA-1, and returns the rest of each hash with that prefix, about a thousand: it cannot know which one was
 * checked. If the request fails, returns false and logs `breach_check_failed`.
 *
 * @param address the URL to which the 5 characters are appended
 */
export async function isBreached(password: string, address: string, log: Log): Promise<boolean> {
  try {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    const range = await fetchRange(`${address}${hash.slice(0, 5)}`);
    // The padding hides the range from an observer who counts bytes. Its entries have the count 0.
    return Number(range.get(hash.slice(5)) ?? 0) > 0;
  } catch (error) {
    log.warn(
      { event: "breach_check_failed", reason: describeFailure(error) },
      "could not check a password for breaches",
    );
    return false;
  }
}

/** Returns the counts of a range by the rest of the hash. */
async function fetchRange(url: string): Promise<Map<string, string>> {
  const headers = { "Add-Padding": "true" };
  const response = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(requestTimeout) });
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new InvalidRange(`status ${response.status}`);
  }
  const range = await readWithLimit(response.body, maxRangeSize, () => new InvalidRange("too large"));
  const lines = range.toString("latin1").trimEnd().split(/\r?\n/);
  return new Map(
    lines.map((line) => {
      const [, rest, count] = /^([0-9A-F]{35}):(\d{1,10})$/.exec(line) ?? [];
      if (rest === undefined || count === undefined) throw new InvalidRange("no range");
      return [rest, count];
    }),
  );
}

/** Never returns the message of an error by `fetch`: it may contain the URL, and with it the prefix of the hash. */
function describeFailure(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: unknown } };
  return error instanceof InvalidRange ? message : String(cause?.code ?? name);
}
