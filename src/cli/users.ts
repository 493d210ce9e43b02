import { type Command, Option } from "commander";
import type { Auth } from "../auth/auth.ts";
import { type Language, languages } from "../languages/languages.ts";
import type { Environment } from "../settings/settings.ts";
import type { PublicUser } from "../user.ts";
import { toIso } from "../values/iso.ts";
import { wholeNumber } from "./arguments.ts";
import { confirm } from "./confirm.ts";
import { CommandFailure } from "./failures.ts";
import { findAccount } from "./find-account.ts";
import { formatJson, formatTable, formatTime } from "./format.ts";
import { withAuth } from "./with-auth.ts";

interface JsonOption {
  readonly json?: true;
}

interface ListOptions extends JsonOption {
  readonly search?: string;
  readonly limit: number;
  readonly after: number;
}

interface LanguageOption extends JsonOption {
  readonly language: Language;
}

interface DeleteOptions extends LanguageOption {
  readonly yes?: true;
}

interface RevokeOptions extends JsonOption {
  readonly session?: string;
}

/** The largest integer in PostgreSQL. */
const maxId = 2 ** 31 - 1;

export function declareUsers(program: Command, environment: Environment): void {
  const users = program
    .command("users")
    .summary("Manage accounts")
    .description("Manage accounts. No command asks for a password or sets one.");
  /** Declares a command that takes an account, or for `create` an email address. */
  const declare = <Options>(
    name: string,
    description: string,
    run: (auth: Auth, account: string, options: Options) => Promise<void>,
    [argument, meaning]: readonly [string, string] = ["<account>", "Id or email address"],
  ) =>
    users
      .command(name)
      .description(description)
      .argument(argument, meaning)
      .option("--json", "Print JSON")
      .action((account: string, options: Options) => withAuth(environment, (auth) => run(auth, account, options)));

  users
    .command("list")
    .description("List accounts in the order of their ids")
    .option("--search <text>", "Only accounts whose email address contains this text")
    .option("--limit <number>", "Maximum number of accounts", wholeNumber(1, 10_000), 50)
    .option("--after <id>", "Continue after this id", wholeNumber(0, maxId), 0)
    .option("--json", "Print JSON")
    .action((options: ListOptions) => withAuth(environment, (auth) => list(auth, options)));
  declare("show", "Show an account", show);
  declare("create", "Create an account and email its owner a link to choose a password", create, [
    "<address>",
    "Email address",
  ]).addOption(languageOption());
  declare("disable", "Disable an account and end its sessions", disable);
  declare("enable", "Enable a disabled account", enable);
  declare("delete", "Delete an account permanently and notify its owner by email", deleteAccount)
    .option("--yes", "Do not ask for confirmation")
    .addOption(languageOption());
  declare("reset", "Email a password reset link to the owner of an account", sendReset).addOption(languageOption());
  declare("sessions", "List the sessions of an account, newest first", listSessions);
  declare("revoke", "End the sessions of an account", revoke).option("--session <id>", "End this session only");
}

function languageOption(): Option {
  return new Option("--language <language>", "Language of the email").choices(languages).default("en");
}

async function list(auth: Auth, { json, search, limit, after }: ListOptions): Promise<void> {
  // Requests one more, to know whether another page follows.
  const found = await auth.admin.listAccounts({ after, limit: limit + 1, ...(search !== undefined && { search }) });
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.id ?? after) : null;
  if (json) console.log(formatJson({ users: page.map(toJson), next }));
  else if (page.length === 0) console.log("no accounts");
  else {
    console.log(formatTable(page.map(toRow)));
    if (next !== null) console.log(`continue with: --after ${next}`);
  }
}

async function show(auth: Auth, account: string, options: JsonOption): Promise<void> {
  const user = await findAccount(auth, account);
  print(options, user, formatTable([toRow(user)]));
}

async function create(auth: Auth, address: string, options: LanguageOption): Promise<void> {
  const user = await auth.admin.invite(address, options.language);
  print(options, user, `created ${user.email} and queued an email with a link to choose a password`);
}

async function disable(auth: Auth, account: string, options: JsonOption): Promise<void> {
  const { id, email } = await findAccount(auth, account);
  if (!(await auth.admin.disableAccount(id))) throw new CommandFailure(`${email} is already disabled`);
  print(options, await findAccount(auth, String(id)), `disabled ${email} and ended its sessions`);
}

async function enable(auth: Auth, account: string, options: JsonOption): Promise<void> {
  const { id, email } = await findAccount(auth, account);
  if (!(await auth.admin.enableAccount(id))) throw new CommandFailure(`${email} is already enabled`);
  print(options, await findAccount(auth, String(id)), `enabled ${email}`);
}

async function deleteAccount(auth: Auth, account: string, options: DeleteOptions): Promise<void> {
  const user = await findAccount(auth, account);
  const { id, email } = user;
  if (!options.yes && !(await confirm(`delete ${email} (${id}) permanently?`))) {
    throw new CommandFailure("nothing was deleted");
  }
  if (!(await auth.admin.deleteAccount(id, options.language)))
    throw new CommandFailure(`the account ${email} no longer exists`);
  print(options, user, `deleted ${email} and its data, and queued an email to its owner`);
}

async function sendReset(auth: Auth, account: string, options: LanguageOption): Promise<void> {
  const user = await findAccount(auth, account);
  if (!(await auth.admin.sendResetMail(user.id, options.language)))
    throw new CommandFailure(`${user.email} is disabled`);
  print(options, user, `queued a password reset email to ${user.email}`);
}

async function listSessions(auth: Auth, account: string, { json }: JsonOption): Promise<void> {
  const sessions = await auth.admin.listSessions((await findAccount(auth, account)).id);
  if (json) return console.log(formatJson({ sessions: sessions.map(({ current: _, ...session }) => session) }));
  if (sessions.length === 0) return console.log("no sessions");
  const rows = sessions.map(({ id, device, ip, created_at, last_seen_at }) => ({
    id,
    device,
    ip,
    created: formatTime(created_at),
    "last seen": formatTime(last_seen_at),
  }));
  console.log(formatTable(rows));
}

async function revoke(auth: Auth, account: string, { json, session }: RevokeOptions): Promise<void> {
  const user = await findAccount(auth, account);
  const ended = await auth.admin.endSessions(user.id, session);
  if (ended === 0)
    throw new CommandFailure(`${user.email} has no ${session === undefined ? "sessions" : "such session"}`);
  console.log(json ? formatJson({ ended }) : `ended ${ended} ${ended === 1 ? "session" : "sessions"} of ${user.email}`);
}

/** Prints the account as JSON with `--json`, and the given text otherwise. */
function print({ json }: JsonOption, user: PublicUser, text: string): void {
  console.log(json ? formatJson({ user: toJson(user) }) : text);
}

function toJson({ id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt }: PublicUser) {
  return {
    id,
    email,
    email_verified_at: toIso(emailVerifiedAt),
    disabled_at: toIso(disabledAt),
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function toRow({ id, email, emailVerifiedAt, disabledAt, createdAt }: PublicUser) {
  return {
    id,
    email,
    verified: formatTime(emailVerifiedAt),
    disabled: formatTime(disabledAt),
    created: formatTime(createdAt),
  };
}
