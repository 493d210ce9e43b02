import { Child } from "./child.ts";
import type { Load, LoadResult } from "./load.ts";

/** Sends requests from a separate process, so that handling the responses does not slow down the bench process. */
export class LoadGenerator extends Child {
  constructor() {
    super("./load.ts");
  }

  run(load: Load): Promise<LoadResult> {
    this.send(load);
    return this.nextMessage();
  }
}
