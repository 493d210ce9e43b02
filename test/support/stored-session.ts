import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import { readSettings } from "../../src/settings/settings.ts";

/** Creates an account in the database at a URL, without a running service, and opens a session. Returns the session id. */
export async function createStoredSession(url: string, email: string): Promise<string> {
  await using db = await openDB(url);
  const auth = new Auth(db, { settings: readSettings({ BCRYPT_COST: "4" }) });
  await auth.registerUser(email, "b4l0u");
  const sessionId = await auth.createSession(email);
  await auth.close();
  return sessionId as string;
}
