import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import bcrypt from "bcrypt";
import { openDB } from "../src/index.ts";

/** More than one, so that no server profits from caching a single account. */
const accountCount = 100;

/** Logged-in accounts in a database. Each server gets its own copy. */
export interface Accounts {
  /** One `GET /profile` for each account. */
  readonly profileRequests: readonly string[];
  /** The Cookie header of the first account. */
  readonly cookie: string;
  /** One `POST /sessions` for each account. */
  readonly logInRequests: readonly string[];
  /** All accounts have the same password. */
  readonly password: string;
  readonly hash: string;
  /** Copies the database and returns the URL of the copy. */
  copyDatabase(name: string): Promise<string>;
  /** Returns the URL of a database that does not exist yet. */
  newDatabaseUrl(name: string): string;
}

/** Creates the accounts in a new database in this folder. */
export async function createAccounts(folder: string): Promise<Accounts> {
  const original = join(folder, "accounts.db");
  const password = "correct horse battery staple";
  const hash = bcrypt.hashSync(password, bcrypt.genSaltSync(12, "b"));
  const cookies: string[] = [];
  const logInRequests: string[] = [];
  const db = await openDB(`sqlite:${original}`);
  for (let index = 0; index < accountCount; index++) {
    const { id, email } = await db.addUser(`person-${index}@example.com`, hash);
    const sessionId = crypto.randomUUID();
    await db.sessions.open({ userId: id, sessionId });
    cookies.push(`session_id=${sessionId}`);
    logInRequests.push(formatPost("/sessions", new URLSearchParams({ email, password })));
  }
  await db.close();
  return {
    cookie: cookies[0] as string,
    profileRequests: cookies.map((cookie) => `GET /profile HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`),
    logInRequests,
    password,
    hash,
    newDatabaseUrl: (name) => `sqlite:${join(folder, name)}`,
    async copyDatabase(name) {
      const path = join(folder, name);
      await copyFile(original, path);
      return `sqlite:${path}`;
    },
  };
}

function formatPost(path: string, fields: URLSearchParams): string {
  const body = fields.toString();
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
