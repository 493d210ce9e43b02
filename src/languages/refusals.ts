import type { RefusalCode } from "../errors.ts";

/** Every refusal, in one language: what it is, and what to do. */
export type RefusalTexts = Readonly<Record<RefusalCode | PageRefusalCode, (facts: RefusalFacts) => string>>;

/** What pages alone refuse, or tell apart. */
export type PageRefusalCode = "form_stale" | "locked";

/** What a refusal may name. */
export interface RefusalFacts {
  /** The fewest characters of a password. */
  readonly minLength: number;
  /** Until it is worth trying again, in words. */
  readonly wait: string;
}
