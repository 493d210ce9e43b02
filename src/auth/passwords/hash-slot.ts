import type { AuthError } from "../../errors.ts";
import type { FairQueue } from "./fair-queue.ts";

/** A request for a slot. */
export interface SlotRequest {
  /** The groups that share the queue, from the widest network to the narrowest. */
  readonly path: readonly string[];
  /** Device secrets, of which the account may know one. */
  readonly devices?: readonly string[];
}

/** A queued hash. */
export interface Task<Work, Result> {
  readonly work: Work;
  readonly queuedAt: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The slot of one caller. Disposing of it frees it. */
export interface Slot<Work, Result> extends Required<SlotRequest>, Disposable {
  /** The queue that it is in. */
  queue?: FairQueue<Slot<Work, Result>> | undefined;
  task?: Task<Work, Result> | undefined;
  /** True if the queue was full: `assign` decides whether the caller gets a slot as a known device. */
  isProvisional: boolean;
  /** True from the start of its first hash. Its further hashes do not wait for a turn. */
  hasHadTurn: boolean;
  isDisposed: boolean;
  rejection?: AuthError;
  /** The total time of its hashes so far, in milliseconds. */
  totalTime: number;
  timer?: NodeJS.Timeout;
}
