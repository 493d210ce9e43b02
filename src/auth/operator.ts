import { EmailTaken } from "../errors.ts";
import type { User } from "../user.ts";
import { taken, userById, validEmail } from "./accounts.ts";
import type { Context } from "./context.ts";
import { noPassword } from "./hashes.ts";
import { accountKeys } from "./throttle.ts";

/** What an operator does is told apart in the audit trail. */
const detail = "by an operator";

/** What an operator does to many at once. */
export type Operation = "accounts_adopted" | "accounts_exported" | "accounts_imported" | "mails_retried";

/** Makes an account for an address, whose owner chooses the password by the mail that goes out. */
export async function invite(context: Context, email: string, language: string): Promise<User> {
  const address = validEmail(email);
  const user = await context.db.addUser(address, noPassword).catch((error: unknown) => {
    throw error instanceof EmailTaken ? taken(address) : error;
  });
  context.trail.record("account_invited", { userId: user.id, detail });
  await context.db.enqueue({ kind: "invitation", language, email: address });
  return user;
}

export function note({ trail }: Context, operation: Operation, many: number): void {
  trail.record(operation, { detail: `${detail}: ${many}` });
}

export async function retryMails(context: Context): Promise<number> {
  const retried = await context.db.retryMails();
  note(context, "mails_retried", retried);
  return retried;
}

export async function sendReset(context: Context, userId: number, language: string): Promise<boolean> {
  const user = await userById(context, userId);
  if (user?.disabledAt !== null) return false;
  await context.db.enqueue({ kind: "reset", language, email: user.email });
  context.trail.record("reset_asked", { userId, detail });
  return true;
}

export async function setDisabled(context: Context, userId: number, disabled: boolean): Promise<boolean> {
  if (!(await context.db.setDisabled(userId, disabled))) return false;
  context.trail.record(disabled ? "account_disabled" : "account_enabled", { userId, detail });
  return true;
}

export async function deleteUser(context: Context, userId: number): Promise<boolean> {
  const { db, trail } = context;
  const user = await userById(context, userId);
  await trail.flush();
  if (!user || !(await db.deleteUser(user, accountKeys(user.email)))) return false;
  trail.record("account_deleted", { detail });
  return true;
}

export async function revoke(context: Context, userId: number, handle?: string): Promise<number> {
  const { db, trail } = context;
  const ended =
    handle === undefined ? await db.endSessions(userId) : Number(await db.endSessionByHandle(userId, handle));
  trail.record("sessions_ended", { userId, detail: `${detail}: ${ended}` });
  return ended;
}
