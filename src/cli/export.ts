import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { Auth } from "../auth/auth.ts";
import type { DB } from "../db/db.ts";
import { writeFailure } from "../files/faults.ts";
import type { Environment } from "../settings/settings.ts";
import { filePath } from "./arguments.ts";
import { PartialFailure } from "./failures.ts";
import { Interrupted, runInterruptible } from "./interruptible.ts";
import { withAuth } from "./with-auth.ts";

const pageSize = 1000;

export function declareExport(program: Command, environment: Environment): void {
  program
    .command("export")
    .summary("Export all accounts, with their password hashes")
    .description("Write all accounts, with their password hashes, in the format that import reads.")
    .argument("[file]", "New file; without it, standard output", filePath)
    .action((file?: string) => withAuth(environment, (auth, db) => exportAccounts(auth, db, file)));
}

async function exportAccounts(auth: Auth, db: DB, file: string | undefined): Promise<void> {
  const target =
    file === undefined ? process.stdout : createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
  let isOpen = false;
  target.once("open", () => {
    isOpen = true;
  });
  try {
    await runInterruptible((signal) => pipeline(readAccounts(auth, db), target, { signal }));
  } catch (error) {
    if (file !== undefined && isOpen) rmSync(file);
    throw explain(error, file);
  }
}

/**
 * Reads all accounts, page by page, from `DB`, because `Auth` returns no hashes. The audit entry is written even if the export is
 * interrupted, because its reader has the accounts written so far.
 */
async function* readAccounts(auth: Auth, db: DB): AsyncGenerator<string> {
  const { formatAccount } = await import("../auth/auth.ts");
  let count = 0;
  try {
    for (let last = 0; ; ) {
      const users = await db.users.list({ after: last, limit: pageSize });
      count += users.length;
      if (users.length > 0) yield users.map((user) => `${formatAccount(user)}\n`).join("");
      if (users.length < pageSize) return;
      last = users.at(-1)?.id ?? last;
    }
  } finally {
    auth.audit.recordBulkOperation("accounts_exported", count);
  }
}

function explain(error: unknown, file: string | undefined): unknown {
  const { code, syscall, cause } = error as NodeJS.ErrnoException;
  if (cause instanceof Interrupted) return cause;
  if (code === "EPIPE") return new PartialFailure("the reader closed the output before the end");
  if (syscall === undefined) return error;
  return writeFailure(`cannot write ${file ?? "to standard output"}`)(error);
}
