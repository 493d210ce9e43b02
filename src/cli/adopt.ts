import type { Command } from "commander";
import type { AdoptedUser } from "../db/db.ts";
import type { Environment } from "../settings/settings.ts";
import { filePath } from "./arguments.ts";
import { readDatabaseSettings } from "./database.ts";
import { PartialFailure } from "./failures.ts";
import { ProgressBar } from "./progress.ts";
import { recordBulkOperation } from "./with-auth.ts";

/** Declares `adopt`, which takes over the data of another server with the same API. */
export function declareAdopt(program: Command, environment: Environment): void {
  program
    .command("adopt")
    .summary("Take over the accounts and sessions of another server with the same API")
    .description(
      "Copy the accounts, sessions and reset tokens of another server with the same API into an empty database, so that no user is logged out.",
    )
    .argument("<file>", "SQLite file of the other server, which is only read", filePath)
    .option("--verified", "Mark every email address as verified")
    .action((file: string, options: { verified?: true }) => adopt(environment, file, options));
}

async function adopt(environment: Environment, file: string, { verified }: { verified?: true }): Promise<void> {
  const settings = await readDatabaseSettings(environment);
  const { selectAdoptableUsers } = await import("../auth/auth.ts");
  const { ContractFile, openDB } = await import("../db/db.ts");
  using contract = new ContractFile(file);
  await using db = await openDB(settings.DATABASE_URL, { settings });
  const bar = new ProgressBar();
  const adoptsResetTokens = settings.RESET_DELIVERY !== "email";
  let refusals = 0;
  let adopted: Awaited<ReturnType<typeof db.import.adopt>>;
  try {
    const users = selectAdoptableUsers(contract.users(), {
      emailVerifiedAt: verified ? Date.now() : null,
      emailFormat: settings.EMAIL_FORMAT,
      adoptsResetTokens,
      onRejected(id, reason) {
        refusals++;
        bar.printAbove(`user ${id}: ${reason}`);
      },
    });
    adopted = await db.import.adopt(withProgress(users, contract.total, bar));
  } finally {
    bar.finish();
  }
  await recordBulkOperation(db, settings, "accounts_adopted", adopted.users);
  console.log(`adopted ${adopted.users} of ${contract.total} users and ${adopted.sessions} sessions`);
  if (!adoptsResetTokens) {
    console.log("reset tokens were left out: RESET_DELIVERY is email, and the other server did not mail them");
  }
  if (refusals > 0) {
    throw new PartialFailure(`${refusals} users, sessions or tokens were left out for the reasons above`);
  }
}

function* withProgress(users: Iterable<AdoptedUser>, total: number, bar: ProgressBar): Generator<AdoptedUser> {
  let done = 0;
  for (const user of users) {
    yield user;
    bar.update(++done, total);
  }
}
