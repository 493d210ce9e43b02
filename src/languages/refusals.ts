import type { RefusalCode } from "../errors.ts";

/** The messages of all errors in one language. Each says what is wrong and what to do. */
export type RefusalTexts = Readonly<Record<RefusalCode | PageRefusalCode, (facts: RefusalFacts) => string>>;

/** Errors that only pages have or distinguish. */
export type PageRefusalCode = "form_stale" | "locked";

/** The values that an error message may contain. */
export interface RefusalFacts {
  /** The minimum length of a password, in characters. */
  readonly minLength: number;
  /** How long to wait before the next attempt, in words. */
  readonly wait: string;
}
