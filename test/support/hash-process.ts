import { readdirSync, readFileSync } from "node:fs";
import { Passwords } from "../../src/auth/passwords/passwords.ts";

// Hashes a password for each message, and reports the outcome and the scheduling of all threads of this process. For the message
// "hash behind requests" it keeps the main thread busy for two seconds during the hash, and reports the threads then.

/** SCHED_IDLE (sched(7)). */
const idleClass = "5";

export interface HashReport {
  readonly outcome: string;
  readonly threads: readonly { readonly niceness: number; readonly isIdle: boolean }[];
}

const passwords = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: Number(process.argv[2]) });

process.on("message", async (message) => {
  const hashing = passwords.hashPassword("b4l0u").catch((error) => error.code ?? error.message);
  const outcome = message === "hash behind requests" ? await keepBusy() : await hashing;
  process.send?.({ outcome, threads: readdirSync("/proc/self/task").map(readScheduling) } satisfies HashReport);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function keepBusy(): Promise<string> {
  const began = performance.now();
  while (performance.now() - began < 2000) await new Promise((resolve) => setImmediate(resolve));
  return "busy with requests";
}

function readScheduling(thread: string) {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
  // The fields from the third on (proc_pid_stat(5)). The second, the name, can contain spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { niceness: Number(fields[16]), isIdle: fields[38] === idleClass };
}
