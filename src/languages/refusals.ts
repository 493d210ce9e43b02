import type { RefusalCode } from "../errors.ts";

/** All error messages in one language. Each message describes the problem and the next step. */
export type RefusalTexts = Readonly<Record<RefusalCode | PageRefusalCode, (facts: RefusalFacts) => string>>;

/** Codes of error messages that only pages have. Pages send `locked` as `too_many_tries`. */
export type PageRefusalCode = "form_stale" | "locked";

/** The values that an error message may contain. */
export interface RefusalFacts {
  /** The minimum length of a password, in characters. */
  readonly minLength: number;
  /** The wait until the next attempt, in words. */
  readonly wait: string;
}
