import type { AuthError } from "../../errors.ts";
import type { FairQueue } from "./fair-queue.ts";

/** A caller that needs a place. */
export interface SlotRequest {
  /** What a flood is divided by, from the widest network to the narrowest. */
  readonly path: readonly string[];
  /** The secrets of devices that may turn out to be known: the caller is refused only if none is. */
  readonly devices?: readonly string[];
}

/** A hash that waits for its turn. */
export interface Task<Work, Result> {
  readonly work: Work;
  readonly queuedAt: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** One caller's place in the queue. Disposing of it gives it up, if it still is one. */
export interface Slot<Work, Result> extends Required<SlotRequest>, Disposable {
  /** Among whom it waits for its turn. */
  queue?: FairQueue<Slot<Work, Result>> | undefined;
  task?: Task<Work, Result> | undefined;
  /** It does not count as a place yet: `settle` decides, by the account of its device. */
  isProvisional: boolean;
  /** It has had its turn: its further hashes come before those of callers that have not. */
  hasHadTurn: boolean;
  /** True once it needs no more hashes. */
  isDisposed: boolean;
  rejection?: AuthError;
  /** How long its hashes have taken so far, together, in milliseconds. */
  totalTime: number;
  timer?: NodeJS.Timeout;
}
