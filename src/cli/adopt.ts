import { parseArgs } from "node:util";
import type { Adopted } from "../db/db.ts";
import { type Command, Incomplete, UsageError } from "./command.ts";
import { databaseSettings } from "./database.ts";
import { note } from "./operator.ts";
import { ProgressBar } from "./progress.ts";

/** Takes the place of a server of the same contract. */
export const adopt: Command = {
  summary:
    "take over the SQLite file of another server of this contract, with its live sessions, into an empty database",
  usage: "adopt FILE.db [--verified]",
  async run(args, environment) {
    const options = { verified: { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [file] = positionals;
    if (!file || positionals.length > 1) throw new UsageError();
    const settings = await databaseSettings(environment);
    const { adoptable } = await import("../auth/auth.ts");
    const { ContractFile, openDB } = await import("../db/db.ts");
    using contract = new ContractFile(file);
    await using db = await openDB(settings.DATABASE_URL, { settings });
    const bar = new ProgressBar();
    let refusals = 0;
    const refuse = (id: number, reason: string) => {
      refusals++;
      bar.say(`user ${id}: ${reason}`);
    };
    let adopted: Awaited<ReturnType<typeof db.import.adopt>>;
    const resetTokens = settings.RESET_DELIVERY !== "email";
    const emailVerifiedAt = values.verified ? Date.now() : null;
    try {
      const users = adoptable(contract.users(), {
        emailVerifiedAt,
        emailFormat: settings.EMAIL_FORMAT,
        resetTokens,
        refuse,
      });
      adopted = await db.import.adopt(shown(users, contract.total, bar));
    } finally {
      bar.end();
    }
    await note(db, settings, "accounts_adopted", adopted.users);
    console.log(`adopted ${adopted.users} of ${contract.total} users, with ${adopted.sessions} sessions`);
    if (!resetTokens) console.log("reset tokens stay behind, for RESET_DELIVERY is email, and those were not mailed");
    if (refusals > 0) throw new Incomplete(`${refusals} things were left out, for the reasons above; the others stand`);
  },
};

function* shown(users: Iterable<Adopted>, total: number, bar: ProgressBar): Generator<Adopted> {
  let done = 0;
  for (const user of users) {
    yield user;
    bar.show(++done, total);
  }
}
