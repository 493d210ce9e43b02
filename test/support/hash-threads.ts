import { availableParallelism } from "node:os";
import { after } from "node:test";
import { HashThreads } from "../../src/auth/passwords/hash-threads.ts";

/** The threads that all worlds of a file hash on: starting some for each world would take longer than what they hash. */
export const hashThreads = new HashThreads(availableParallelism());

after(() => hashThreads.close());
