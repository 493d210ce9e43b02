import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A folder or file directly below src/. */
interface Room {
  /** A few words for the picture. */
  readonly label: string;
  /** One line for the table. */
  readonly purpose: string;
}

/** Every room, from the outermost to the innermost. `importsOf` fails if one is missing here. */
export const rooms: Readonly<Record<string, Room>> = {
  "main.ts": {
    label: "runs the service",
    purpose: "Runs the service: reads the environment, listens, and stops gracefully.",
  },
  "index.ts": { label: "exports the library", purpose: "Exports the public names of the library." },
  cli: { label: "commands for operators", purpose: "The commands of `bienvenue`, one file each." },
  "bienvenue.ts": {
    label: "wires everything",
    purpose: "`createBienvenue`: connects database, mailer, `Auth` and app; sends email and sweeps in the background.",
  },
  "app.ts": {
    label: "maps paths to handlers",
    purpose: "`createApp`: maps each path to a resource of `api` or a page of `pages`.",
  },
  api: { label: "JSON resources", purpose: "The JSON API, one file per resource." },
  pages: {
    label: "HTML pages",
    purpose: "The HTML pages, one file each; `account/` for the user's account, `kit/` for forms and layout.",
  },
  http: {
    label: "requests, cookies, errors",
    purpose: "Reads requests and builds responses: server, body, fields, caller, cookies, CORS, error responses.",
  },
  auth: {
    label: "accounts, sessions, limits",
    purpose:
      "`Auth`, the rules: accounts, sessions, devices, passwords, limits, outbox, audit, admin; one folder each.",
  },
  mail: {
    label: "transports and messages",
    purpose: "Sends email by SMTP, or keeps it at `/dev/outbox`; builds the messages.",
  },
  db: {
    label: "statements, two engines",
    purpose:
      "`DB`, the statements: `tables/` has one file per table or topic, `sqlite/` and `postgres/` are the engines.",
  },
  observe: { label: "log, metrics, traces", purpose: "Log, metrics and traces." },
  languages: { label: "every text users read", purpose: "Every text that users read, one folder per language." },
  settings: {
    label: "settings and their checks",
    purpose: "The table of settings, how each is read, and which combinations are rejected.",
  },
  files: { label: "files on disk", purpose: "Reads and checks files on disk." },
  "user.ts": { label: "the model", purpose: "The types `User` and `Session`." },
  "errors.ts": { label: "errors and their codes", purpose: "What `Auth` and `DB` throw, with every error code." },
  values: { label: "pure functions", purpose: "Pure functions for addresses, durations, networks and colors." },
};

/**
 * Returns the rooms that each room imports, types included.
 *
 * @param root the folder of the repository
 * @throws {Error} if `rooms` lacks a room, or has one that does not exist
 */
export function importsOf(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  const imports = new Map<string, Set<string>>(Object.keys(rooms).map((room) => [room, new Set()]));
  const found = new Set<string>();
  for (const file of globSync("**/*.{ts,js}", { cwd: join(root, "src") })) {
    const room = roomOf(file);
    const imported = imports.get(room);
    if (!imported) throw new Error(`docs/generate/rooms.ts does not describe src/${room}`);
    found.add(room);
    const source = readFileSync(join(root, "src", file), "utf8");
    for (const [, path = ""] of source.matchAll(/(?:\bfrom|\bimport)[ (]"(\.[^"]+)"/g)) {
      const other = roomOf(normalize(join(dirname(file), path)));
      if (other !== room) imported.add(other);
    }
  }
  for (const room of imports.keys()) if (!found.has(room)) throw new Error(`src/${room} does not exist`);
  return imports;
}

function roomOf(file: string): string {
  return file.split("/", 1)[0] as string;
}
