import { architecture } from "./architecture.ts";
import { errors } from "./errors.ts";
import type { Generator } from "./generator.ts";
import { routes } from "./routes.ts";

/** Every generator, each in a file of its own. */
export const generators: readonly Generator[] = [...architecture, ...errors, ...routes];
