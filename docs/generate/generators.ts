import { architecture } from "./architecture.ts";
import { errors } from "./errors.ts";
import type { Generator } from "./generator.ts";
import { routes } from "./routes.ts";

export const generators: readonly Generator[] = [...architecture, ...errors, ...routes];
