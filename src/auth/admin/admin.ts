import { AuthError, EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { isMailable } from "../../values/email.ts";
import { isId } from "../../values/storable.ts";
import type { EventName } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { taken, validEmail } from "../email.ts";
import { accountKeys } from "../limits/caps.ts";
import { noPassword } from "../passwords/hashes.ts";
import { userById } from "../users.ts";

/** What an operator does is told apart in the audit trail. */
const detail = "by an operator";

/** What an operator does to many at once. */
export type Operation = "accounts_adopted" | "accounts_exported" | "accounts_imported" | "mails_retried";

/** Makes an account for an address, whose owner chooses the password by the mail that goes out. */
export async function invite(context: Context, email: string, language: string): Promise<User> {
  const { db, trail } = context;
  return trail.watch("operation_refused", { detail: "account_invited" }, async () => {
    // Its owner can only get in by a mail.
    const address = validEmail(email, "address");
    const user = await db.addUser(address, noPassword, [], { byOwner: false }).catch((error: unknown) => {
      throw error instanceof EmailTaken ? taken(address) : error;
    });
    trail.record("account_invited", { userId: user.id, detail });
    await db.outbox.add({ kind: "invitation", language, email: address });
    return user;
  });
}

export function note({ trail }: Context, operation: Operation, many: number): void {
  trail.record(operation, { detail: `${detail}: ${many}` });
}

export async function retryMails(context: Context): Promise<number> {
  const retried = await context.db.outbox.retry();
  note(context, "mails_retried", retried);
  return retried;
}

export async function retryFailedMails(context: Context): Promise<number> {
  let retried = 0;
  for (let some = -1; some !== 0; retried += some) some = await context.db.failedMails.retry(500);
  note(context, "mails_retried", retried);
  return retried;
}

export async function sendReset(context: Context, userId: number, language: string): Promise<boolean> {
  const user = await userById(context, userId);
  if (user?.disabledAt !== null) return refuse(context, "reset_asked", userId, "disabled, or not there");
  if (!isMailable(user.email)) {
    refuse(context, "reset_asked", userId, "no mail can be sent there");
    throw new AuthError("email_invalid", "no mail can be sent to the address of this account");
  }
  await context.db.outbox.add({ kind: "reset", language, email: user.email });
  context.trail.record("reset_asked", { userId, detail, changed: true });
  return true;
}

export async function setDisabled(context: Context, userId: number, disabled: boolean): Promise<boolean> {
  const { db, trail } = context;
  const act = disabled ? "account_disabled" : "account_enabled";
  if (!isId(userId) || !(await db.users.setDisabled(userId, disabled)))
    return refuse(context, act, userId, "so already, or not there");
  trail.record(act, { userId, detail });
  return true;
}

export async function deleteUser(context: Context, userId: number, language: string): Promise<boolean> {
  const { db, trail } = context;
  const user = await userById(context, userId);
  await trail.flush();
  const notice = { kind: "deleted_by_operator", language } as const;
  if (!user || !(await db.users.erase(user, accountKeys(user.email), { notice }))) {
    return refuse(context, "account_deleted", userId, "not there");
  }
  trail.record("account_deleted", { detail });
  return true;
}

export async function revoke(context: Context, userId: number, handle?: string): Promise<number> {
  const { db, trail } = context;
  const end = async () =>
    handle === undefined ? db.sessions.endAll(userId) : Number(await db.sessions.endByHandle(userId, handle));
  const ended = isId(userId) ? await end() : 0;
  if (ended === 0) refuse(context, "sessions_ended", userId, "no such session");
  else trail.record("sessions_ended", { userId, detail: `${detail}: ${ended}` });
  return ended;
}

/** Takes note of an act that was refused, and why. */
function refuse({ trail }: Context, act: EventName, userId: number, why: string): false {
  trail.record("operation_refused", { userId, detail: `${act}: ${why}` });
  return false;
}
