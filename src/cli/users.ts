import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import type { Auth } from "../auth/auth.ts";
import { type Language, languages } from "../languages/languages.ts";
import type { PublicUser } from "../user.ts";
import { toIso } from "../values/iso.ts";
import { type Command, Refused, UsageError } from "./command.ts";
import { named, operating, whole } from "./operator.ts";
import { json, moment, table } from "./table.ts";

/** The largest id, which is as many as a table can hold. */
const largestId = 2 ** 31 - 1;

const options = {
  json: { type: "boolean", default: false },
  limit: { type: "string" },
  after: { type: "string" },
  search: { type: "string" },
  language: { type: "string", default: "en" },
  session: { type: "string" },
  yes: { type: "boolean", default: false },
} as const;

/** What follows an act's name. */
interface Words {
  readonly who: string | undefined;
  readonly json: boolean;
  readonly limit?: string | undefined;
  readonly after?: string | undefined;
  readonly search?: string | undefined;
  readonly language: string;
  readonly session?: string | undefined;
  readonly yes: boolean;
}

type Option = keyof typeof options;

const inLanguage = `[--language ${languages.join("|")}]`;

/** Every act, and the options that it has beside `--json`. */
const acts: Readonly<Record<string, { has: readonly Option[]; act: (auth: Auth, words: Words) => Promise<void> }>> = {
  list: { has: ["limit", "after", "search"], act: list },
  show: { has: [], act: show },
  create: { has: ["language"], act: create },
  disable: { has: [], act: disable },
  enable: { has: [], act: enable },
  delete: { has: ["yes", "language"], act: erase },
  reset: { has: ["language"], act: reset },
  sessions: { has: [], act: sessions },
  revoke: { has: ["session"], act: revoke },
};

/** Accounts in an operator's hands. No password is ever asked for, or set. */
export const users: Command = {
  summary: "look at accounts, invite, disable, enable and delete them, end their sessions; WHO is an id or an address",
  usage: [
    "users list [--search TEXT] [--limit N] [--after ID]",
    "show WHO",
    `create ADDRESS ${inLanguage}`,
    "disable WHO",
    "enable WHO",
    `delete WHO [--yes] ${inLanguage}`,
    `reset WHO ${inLanguage}`,
    "sessions WHO",
    "revoke WHO [--session=ID] (each with [--json])",
  ].join("\n  bienvenue users "),
  async run([name = "", ...args], environment) {
    const chosen = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (!chosen) throw new UsageError();
    const parsed = parseArgs({ args, options, allowPositionals: true, tokens: true });
    const known = (option: string) => option === "json" || chosen.has.some((has) => has === option);
    if (parsed.tokens.some((token) => token.kind === "option" && !known(token.name))) throw new UsageError();
    if (parsed.positionals.length !== (name === "list" ? 0 : 1)) throw new UsageError();
    const words = { who: parsed.positionals[0], ...parsed.values };
    await operating(environment, (auth) => chosen.act(auth, words));
  },
};

async function list(auth: Auth, { json: isJson, search, ...words }: Words): Promise<void> {
  const limit = whole(words.limit, 50, 1, 10_000);
  const after = whole(words.after, 0, 0, largestId);
  // One more than is shown tells whether there are more.
  const found = await auth.admin.list({ after, limit: limit + 1, ...(search !== undefined && { search }) });
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.id ?? after) : null;
  if (isJson) console.log(json({ users: page.map(shown), next }));
  else if (page.length === 0) console.log("no accounts");
  else {
    console.log(table(page.map(row)));
    if (next !== null) console.log(`more: --after ${next}`);
  }
}

async function show(auth: Auth, words: Words): Promise<void> {
  tell(words, await named(auth, words.who));
}

/** The owner chooses the password, by the mail that goes out. */
async function create(auth: Auth, words: Words): Promise<void> {
  const user = await auth.admin.invite(words.who ?? "", language(words));
  tell(words, user, `created; a mail to choose the password is on its way to ${user.email}`);
}

async function disable(auth: Auth, words: Words): Promise<void> {
  const { id, email } = await named(auth, words.who);
  if (!(await auth.admin.disable(id))) throw new Refused(`${email} is disabled already`);
  tell(words, await named(auth, String(id)), `${email} is disabled, and its sessions have ended`);
}

async function enable(auth: Auth, words: Words): Promise<void> {
  const { id, email } = await named(auth, words.who);
  if (!(await auth.admin.enable(id))) throw new Refused(`${email} is enabled already`);
  tell(words, await named(auth, String(id)), `${email} is enabled`);
}

async function erase(auth: Auth, words: Words): Promise<void> {
  const user = await named(auth, words.who);
  if (!words.yes && !(await isSure(user))) throw new Refused("nothing was deleted");
  if (!(await auth.admin.erase(user.id, language(words))))
    throw new Refused(`there is no account ${user.email} any more`);
  tell(words, user, `${user.email} is deleted, and all that told of it; its owner gets a mail`);
}

async function reset(auth: Auth, words: Words): Promise<void> {
  const user = await named(auth, words.who);
  if (!(await auth.admin.sendReset(user.id, language(words)))) throw new Refused(`${user.email} is disabled`);
  tell(words, user, `a reset mail is on its way to ${user.email}`);
}

async function sessions(auth: Auth, { who, json: isJson }: Words): Promise<void> {
  const found = await auth.admin.sessions((await named(auth, who)).id);
  if (isJson) console.log(json({ sessions: found.map(({ current: _, ...session }) => session) }));
  else if (found.length === 0) console.log("no sessions");
  else {
    const rows = found.map(({ id, device, ip, created_at, last_seen_at }) => ({
      id,
      device,
      ip,
      created: moment(created_at),
      "last seen": moment(last_seen_at),
    }));
    console.log(table(rows));
  }
}

async function revoke(auth: Auth, words: Words): Promise<void> {
  const user = await named(auth, words.who);
  const ended = await auth.admin.revoke(user.id, words.session);
  if (ended === 0) throw new Refused(`${user.email} has no such session`);
  if (words.json) console.log(json({ ended }));
  else console.log(`ended ${ended} ${ended === 1 ? "session" : "sessions"} of ${user.email}`);
}

/** Asked on a terminal alone: a program says `--yes`, or nothing is deleted. */
async function isSure({ id, email }: PublicUser): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Refused("deleting cannot be undone; say --yes");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  terminal.once("close", () => gone.abort());
  try {
    const answer = await terminal.question(`delete ${email} (${id}) for good? [y/N] `, { signal: gone.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if ((error as Error).name === "AbortError") return false;
    throw error;
  } finally {
    terminal.close();
  }
}

function language({ language: wanted }: Words): Language {
  const known = languages.find((each) => each === wanted);
  if (known) return known;
  throw new UsageError();
}

/** Says what was done, to people; to programs, what the account is. */
function tell({ json: isJson }: Words, user: PublicUser, done?: string): void {
  if (isJson) console.log(json({ user: shown(user) }));
  else console.log(done ?? table([row(user)]));
}

function shown({ id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt }: PublicUser) {
  return {
    id,
    email,
    email_verified_at: toIso(emailVerifiedAt),
    disabled_at: toIso(disabledAt),
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function row({ id, email, emailVerifiedAt, disabledAt, createdAt }: PublicUser) {
  return {
    id,
    email,
    verified: moment(emailVerifiedAt),
    disabled: moment(disabledAt),
    created: moment(createdAt),
  };
}
