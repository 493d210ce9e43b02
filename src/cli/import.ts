import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Account, DB } from "../db/db.ts";
import { emailKey } from "../values/email.ts";
import { type Command, Incomplete, UsageError } from "./command.ts";
import { databaseSettings } from "./database.ts";
import { FirstLines } from "./first-lines.ts";
import { type Line, linesOf, openToRead } from "./lines.ts";
import { note } from "./operator.ts";
import { ProgressBar } from "./progress.ts";

/** How many lines go over in a transaction: some milliseconds, for a service may be using the database. */
const batch = 500;
/** Twice what the longest address and hash take, in bytes. */
const longestLine = 4096;

/** A line as it was judged: its account, or why there is none. */
interface Judged {
  readonly number: number;
  readonly account: Account | string;
}

/** Takes over the accounts of another system. */
export const importAccounts: Command = {
  summary: "add the accounts of another system, one a line of JSON, and tell which lines were refused and why",
  usage: "import FILE.jsonl [--dry-run]",
  async run(args, environment) {
    const options = { "dry-run": { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [file] = positionals;
    if (!file || positionals.length > 1) throw new UsageError();
    const isDryRun = values["dry-run"] === true;
    const settings = await databaseSettings(environment);
    // Before the database, which is created if it does not exist.
    await using source = await openToRead(file);
    const [{ readAccount }, { openDB }] = await Promise.all([import("../auth/auth.ts"), import("../db/db.ts")]);
    const read = (text: string) => readAccount(text, Date.now(), settings.EMAIL_FORMAT);
    // A dry run changes no schema either.
    const opening = isDryRun ? { ...settings, AUTO_MIGRATE: "off" as const } : settings;
    await using db = await openDB(settings.DATABASE_URL, { settings: opening });
    const bar = new ProgressBar();
    const counted = { added: 0, there: 0, refused: 0 };
    try {
      using firstLines = new FirstLines();
      let judged: Judged[] = [];
      for await (const line of linesOf(source, longestLine)) {
        if (line.text?.trim() === "") continue;
        judged.push({ number: line.number, account: judge(line, firstLines, read) });
        if (judged.length < batch) continue;
        await add(db, judged, isDryRun, counted, bar);
        judged = [];
        bar.show(line.done, line.total, line.number);
      }
      await add(db, judged, isDryRun, counted, bar);
    } finally {
      bar.end();
    }
    const { added, there, refused } = counted;
    if (!isDryRun) await note(db, settings, "accounts_imported", added);
    console.log(`${isDryRun ? "would import" : "imported"} ${added} accounts; ${there} were there already`);
    if (refused > 0) throw new Incomplete(`${refused} lines were refused, for the reasons above; the others stand`);
  },
};

/** The account of a line, or why there is none. */
function judge(
  { number, text }: Line,
  firstLines: FirstLines,
  read: (text: string) => Account | string,
): Account | string {
  if (text === null) return `it is longer than ${longestLine} bytes, or not UTF-8`;
  const account = read(text);
  if (typeof account === "string") return account;
  const first = firstLines.of(emailKey(account.email), number);
  return first === number ? account : `its email is that of line ${first}`;
}

async function add(
  db: DB,
  judged: readonly Judged[],
  isDryRun: boolean,
  counted: { added: number; there: number; refused: number },
  bar: ProgressBar,
): Promise<void> {
  const accounts = judged.map(({ account }) => account).filter((account) => typeof account !== "string");
  const started = performance.now();
  const emails = accounts.map(({ email }) => email);
  const there = isDryRun ? await db.import.emailsTaken(emails) : await db.import.add(accounts);
  const took = performance.now() - started;
  for (const { number, account } of judged) {
    const isThere = typeof account !== "string" && there.has(account.email);
    counted[typeof account === "string" ? "refused" : isThere ? "there" : "added"]++;
    if (typeof account === "string") bar.say(`line ${number} refused: ${account}`);
    else if (isThere) bar.say(`line ${number}: its email has an account already, which stays as it is`);
  }
  // Half of the time is the service's.
  await sleep(took);
}
