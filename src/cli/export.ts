import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import type { Auth } from "../auth/auth.ts";
import type { DB } from "../db/db.ts";
import { writeFailure } from "../files/faults.ts";
import { type Command, Incomplete, UsageError } from "./command.ts";
import { Interrupted, interruptible } from "./interruptible.ts";
import { operating } from "./operator.ts";

const page = 1000;

/** Hands every account on. */
export const exportAccounts: Command = {
  summary: "write every account, hashes included, as import reads them: to a new file, or to standard output",
  usage: "export [FILE]",
  async run(args, environment) {
    const { positionals } = parseArgs({ args, allowPositionals: true });
    const [file] = positionals;
    if (positionals.length > 1 || file === "") throw new UsageError();
    await operating(environment, async (auth, db) => {
      const to =
        file === undefined ? process.stdout : createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
      let opened = false;
      to.once("open", () => {
        opened = true;
      });
      try {
        await interruptible((signal) => pipeline(lines(auth, db), to, { signal }));
      } catch (error) {
        if (file !== undefined && opened) rmSync(file);
        throw told(error, file);
      }
    });
  },
};

/**
 * Every account, a page at a time, read from `DB` because `Auth` returns no hashes. The audit entry is written before the first
 * account leaves: anyone who has it can use it.
 */
async function* lines(auth: Auth, db: DB): AsyncGenerator<string> {
  const { writeAccount } = await import("../auth/auth.ts");
  let written = 0;
  try {
    for (let last = 0; ; ) {
      const users = await db.users.list({ after: last, limit: page });
      written += users.length;
      if (users.length > 0) yield users.map((user) => `${writeAccount(user)}\n`).join("");
      if (users.length < page) return;
      last = users.at(-1)?.id ?? last;
    }
  } finally {
    auth.audit.recordOperation("accounts_exported", written);
  }
}

function told(error: unknown, file: string | undefined): unknown {
  const { code, syscall, cause } = error as NodeJS.ErrnoException;
  if (cause instanceof Interrupted) return cause;
  if (code === "EPIPE") return new Incomplete("whoever read the accounts has gone before the end");
  if (syscall === undefined) return error;
  return writeFailure(`cannot write ${file ?? "to standard output"}`)(error);
}
