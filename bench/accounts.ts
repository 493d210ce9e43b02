import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import bcrypt from "bcrypt";
import { openDB } from "../src/index.ts";

/** Enough that no server answers out of a cache of one. */
const howMany = 100;

/** People who have an account and are logged in, in a database from which every server gets a copy of its own. */
export interface Accounts {
  /** What asks for each one's profile. */
  readonly profiles: readonly string[];
  /** The first one's Cookie header. */
  readonly cookie: string;
  /** What logs each of them in. */
  readonly logIns: readonly string[];
  /** One password, and its hash: everybody's. */
  readonly password: string;
  readonly hash: string;
  /** Copies the database; the URL of the copy. */
  copy(name: string): Promise<string>;
  /** The URL of a database that is not there yet. */
  fresh(name: string): string;
}

/** Makes their accounts in a database in this folder. */
export async function createAccounts(folder: string): Promise<Accounts> {
  const original = join(folder, "accounts.db");
  const password = "correct horse battery staple";
  const hash = bcrypt.hashSync(password, bcrypt.genSaltSync(12, "b"));
  const cookies: string[] = [];
  const logIns: string[] = [];
  const db = await openDB(`sqlite:${original}`);
  for (let index = 0; index < howMany; index++) {
    const { id, email } = await db.addUser(`person-${index}@example.com`, hash);
    const sessionId = crypto.randomUUID();
    await db.sessions.open({ userId: id, sessionId });
    cookies.push(`session_id=${sessionId}`);
    logIns.push(post("/sessions", new URLSearchParams({ email, password })));
  }
  await db.close();
  return {
    cookie: cookies[0] as string,
    profiles: cookies.map((cookie) => `GET /profile HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`),
    logIns,
    password,
    hash,
    fresh: (name) => `sqlite:${join(folder, name)}`,
    async copy(name) {
      const path = join(folder, name);
      await copyFile(original, path);
      return `sqlite:${path}`;
    },
  };
}

function post(path: string, fields: URLSearchParams): string {
  const body = fields.toString();
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
