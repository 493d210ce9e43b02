import { createHash } from "node:crypto";
import type { Log } from "../../observe/log.ts";
import { readWithLimit } from "../../values/read-with-limit.ts";

/** How long a registration waits for the answer, in milliseconds. */
const requestTimeout = 1000;
/** Several times what a range takes with its padding, in bytes. */
const maxRangeSize = 256 * 1024;

/** An answer that is none. Its message may be logged. */
class InvalidRange extends Error {}

/**
 * Whether a password is known from a breach, by the range API of Have I Been Pwned: it is sent the first 5 of the 40
 * characters of the password's SHA-1, answers with the rest of every hash that begins so, and cannot tell which of some
 * thousand it was (https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange). When it gives no answer the password
 * passes, and the log has the event `breach_check_failed`.
 *
 * @param address what the 5 characters are added to
 */
export async function isBreached(password: string, address: string, log: Log): Promise<boolean> {
  try {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    const range = await read(`${address}${hash.slice(0, 5)}`);
    // Padding hides from those who count bytes which range it was; its entries have the count 0.
    return Number(range.get(hash.slice(5)) ?? 0) > 0;
  } catch (error) {
    log.warn({ event: "breach_check_failed", reason: reasonOf(error) }, "could not check a password for breaches");
    return false;
  }
}

/** The counts of a range, by the rest of the hash. */
async function read(url: string): Promise<Map<string, string>> {
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

/** Never an error's own message: fetch's may hold the URL, and so the hash's beginning. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: unknown } };
  return error instanceof InvalidRange ? message : String(cause?.code ?? name);
}
