import { architecture } from "./architecture.ts";
import type { Generator } from "./generator.ts";

/** Every generator, each in a file of its own. */
export const generators: readonly Generator[] = [...architecture];
