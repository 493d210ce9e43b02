import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A folder or file directly below src/. */
interface Room {
  /** Describes the room in the picture, in a few words. */
  readonly label: string;
  /** Describes the room in the table, in one line. */
  readonly purpose: string;
}

/** All rooms, from the outermost to the innermost. `importsOf` throws if one is missing. */
export const rooms: Readonly<Record<string, Room>> = {
  "main.ts": {
    label: "runs the service",
    purpose: "Runs the service: reads the environment, listens, and stops gracefully.",
  },
  "index.ts": { label: "exports the library", purpose: "Exports the public names of the library." },
  cli: { label: "commands for operators", purpose: "The `bienvenue` command, one file per subcommand." },
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
    purpose:
      "The HTML pages, one file each. `account/` has the pages of the user's account, `kit/` has forms and layout.",
  },
  http: {
    label: "requests, cookies, errors",
    purpose: "Reads requests and builds responses: server, body, fields, caller, cookies, CORS and error responses.",
  },
  auth: {
    label: "accounts, sessions, limits",
    purpose: "`Auth`: accounts, sessions, devices, passwords, limits, outbox, audit trail and admin, one folder each.",
  },
  mail: {
    label: "transports and messages",
    purpose: "Builds the emails, and sends them by SMTP or keeps them at `/dev/outbox`.",
  },
  db: {
    label: "SQL for two engines",
    purpose:
      "`DB`: the statements in `tables/`, one file per table or topic, and the engines in `sqlite/` and `postgres/`.",
  },
  observe: { label: "log, metrics, traces", purpose: "The log, metrics and traces." },
  languages: { label: "texts for users", purpose: "All texts that users read, one folder per language." },
  settings: {
    label: "settings and their checks",
    purpose: "The table of settings, their parsers, and the combinations that are rejected.",
  },
  files: { label: "files on disk", purpose: "Reads and checks files on disk." },
  "user.ts": { label: "the model", purpose: "The types `User` and `Session`." },
  "errors.ts": {
    label: "errors and their codes",
    purpose: "The errors that `Auth` and `DB` throw, and all error codes.",
  },
  values: { label: "pure functions", purpose: "Pure functions for addresses, durations, networks and colors." },
};

/**
 * Returns the rooms that each room imports, types included.
 *
 * @param root the folder of the repository
 * @throws {Error} if `rooms` does not match the files of src/
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
