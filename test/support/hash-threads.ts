import { availableParallelism } from "node:os";
import { after } from "node:test";
import { HashThreads } from "../../src/auth/passwords/hash-threads.ts";

/** The hash threads of all worlds in a process. Starting threads for each world would take longer than the hashes. */
export const hashThreads = new HashThreads(availableParallelism());

after(() => hashThreads.close());
