import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { AccountRecord, DB } from "../db/db.ts";
import type { Environment } from "../settings/settings.ts";
import { emailKey } from "../values/email.ts";
import { filePath } from "./arguments.ts";
import { readDatabaseSettings } from "./database.ts";
import { PartialFailure } from "./failures.ts";
import { ProgressBar } from "./progress.ts";
import { type Line, openSource, readLines } from "./read-lines.ts";
import type { SeenEmails } from "./seen-emails.ts";
import { recordBulkOperation } from "./with-auth.ts";

/** Lines per transaction. A running service can have to wait for a transaction, which takes a few milliseconds. */
const batchSize = 500;
/** In bytes: twice the size of a line with the longest email address and hash. */
const maxLineLength = 4096;

interface ImportOptions {
  readonly dryRun?: true;
}

/** A line with its account, or the reason why it is rejected. */
interface ParsedLine {
  readonly number: number;
  readonly account: AccountRecord | string;
}

interface Counts {
  added: number;
  existing: number;
  rejected: number;
}

export function declareImport(program: Command, environment: Environment): void {
  program
    .command("import")
    .summary("Import accounts from another system")
    .description(
      "Import accounts from a JSON Lines file. Rejected lines are printed with the reason; existing accounts do not change.",
    )
    .argument("<file>", "JSON Lines file, one account per line", filePath)
    .option("--dry-run", "Print what would happen without changing anything")
    .action((file: string, options: ImportOptions) => importAccounts(environment, file, options));
}

async function importAccounts(environment: Environment, file: string, { dryRun }: ImportOptions): Promise<void> {
  const settings = await readDatabaseSettings(environment);
  // Opens the file first, since opening the database may create it.
  await using source = await openSource(file);
  const [{ parseAccount }, { openDB }, { SeenEmails }] = await Promise.all([
    import("../auth/auth.ts"),
    import("../db/db.ts"),
    import("./seen-emails.ts"),
  ]);
  const read = (text: string) => parseAccount(text, Date.now(), settings.EMAIL_FORMAT);
  // A dry run does not migrate the database either.
  const opening = dryRun ? { ...settings, AUTO_MIGRATE: "off" as const } : settings;
  await using db = await openDB(settings.DATABASE_URL, { settings: opening });
  const bar = new ProgressBar();
  const counts: Counts = { added: 0, existing: 0, rejected: 0 };
  try {
    using seenEmails = new SeenEmails();
    let batch: ParsedLine[] = [];
    for await (const line of readLines(source, maxLineLength)) {
      if (line.text?.trim() === "") continue;
      batch.push({ number: line.number, account: parseLine(line, seenEmails, read) });
      if (batch.length < batchSize) continue;
      await addBatch(db, batch, dryRun === true, counts, bar);
      batch = [];
      bar.update(line.done, line.total, line.number);
    }
    await addBatch(db, batch, dryRun === true, counts, bar);
  } finally {
    bar.finish();
  }
  if (!dryRun) await recordBulkOperation(db, settings, "accounts_imported", counts.added);
  console.log(`${dryRun ? "would import" : "imported"} ${counts.added} accounts; ${counts.existing} already existed`);
  if (counts.rejected > 0) throw new PartialFailure(`${counts.rejected} lines were rejected for the reasons above`);
}

/** Returns the account of a line, or the reason why it is rejected. */
function parseLine(
  { number, text }: Line,
  seenEmails: SeenEmails,
  read: (text: string) => AccountRecord | string,
): AccountRecord | string {
  if (text === null) return `it is longer than ${maxLineLength} bytes, or not UTF-8`;
  const account = read(text);
  if (typeof account === "string") return account;
  const firstLine = seenEmails.firstLine(emailKey(account.email), number);
  return firstLine === number ? account : `its email is the same as on line ${firstLine}`;
}

async function addBatch(
  db: DB,
  batch: readonly ParsedLine[],
  isDryRun: boolean,
  counts: Counts,
  bar: ProgressBar,
): Promise<void> {
  const accounts = batch.map(({ account }) => account).filter((account) => typeof account !== "string");
  const startedAt = performance.now();
  const emails = accounts.map(({ email }) => email);
  const existing = isDryRun ? await db.import.findTakenEmails(emails) : await db.import.add(accounts);
  const duration = performance.now() - startedAt;
  for (const { number, account } of batch) {
    if (typeof account === "string") {
      counts.rejected++;
      bar.printAbove(`line ${number} rejected: ${account}`);
    } else if (existing.has(account.email)) {
      counts.existing++;
      bar.printAbove(`line ${number}: the account already exists and is unchanged`);
    } else counts.added++;
  }
  // Leaves half of the time to the service.
  await sleep(duration);
}
