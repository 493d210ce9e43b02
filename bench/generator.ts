import { Child } from "./child.ts";
import type { Load, Outcome } from "./load.ts";

/** Loads servers from a process of its own, so that counting the answers takes nothing from who measures. */
export class Generator extends Child {
  constructor() {
    super("./load.ts");
  }

  run(load: Load): Promise<Outcome> {
    this.send(load);
    return this.answer();
  }
}
