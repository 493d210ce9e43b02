import type { OutboxMail } from "../../db/db.ts";
import { toLanguage } from "../../languages/languages.ts";
import type { Mail } from "../../mail/mailer.ts";
import type { User } from "../../user.ts";
import { parseDeviceKind } from "../../values/device-kind.ts";
import type { Context } from "../context.ts";
import { generateToken } from "../secrets.ts";
import { findUserByEmail, findUserById } from "../users.ts";

/**
 * Writes a mail as the accounts are now, and mints its token: it is nowhere but in the mail. Null when there is nothing to
 * say any more; whether there was never was on the path of the request that asked for it.
 */
export async function writeMail(context: Context, waiting: OutboxMail): Promise<Mail | null> {
  const { db, settings } = context;
  const { userId, verificationId, email, createdAt: at, eventCount: times } = waiting;
  const base = { language: toLanguage(waiting.language), at };
  const device = parseDeviceKind(waiting.device);
  switch (waiting.kind) {
    case "registration":
    case "move":
      return verificationId === null ? null : verificationMail(context, verificationId, waiting);
    case "verification": {
      const id = email === null ? null : await openRegistration(context, email);
      // Requested again while it waited: the registration's own mail has the same link.
      return id === null || (await db.outbox.isRegistrationQueued(id)) ? null : verificationMail(context, id, waiting);
    }
    case "invitation":
    case "reset": {
      if (email !== null && (await isLeft(context, email))) return undoMail(context, email, base);
      const token = generateToken(settings);
      // To the account's own spelling: the request may have had another.
      const to = email === null ? null : await db.resetPassword.storeToken(email, token, { requestedAt: at });
      const kind = waiting.kind === "reset" ? "reset_password" : waiting.kind;
      return to === null ? null : { ...base, kind, to, token };
    }
    case "moving":
      return email === null ? null : { ...base, kind: "email_changing", to: email, times };
    case "moved":
      return email === null ? null : undoMail(context, email, base);
    case "move_undone":
      return email === null ? null : { ...base, kind: "email_change_undone", to: email, device };
    case "deleted":
      return email === null ? null : { ...base, kind: "account_deleted", to: email, device };
    case "deleted_by_operator":
      return email === null ? null : { ...base, kind: "account_removed", to: email };
    case "password_changed":
      return email === null ? null : { ...base, kind: "password_changed", to: email, times };
    case "new_device": {
      const user = userId === null ? null : await findUserById(context, userId);
      return user && { ...base, kind: "new_device", to: user.email, device, times };
    }
  }
}

/** The link that confirms; or, where the address has an account already, word of that to its owner. */
async function verificationMail(context: Context, id: number, waiting: OutboxMail): Promise<Mail | null> {
  const { db, settings } = context;
  const base = { language: toLanguage(waiting.language), at: waiting.createdAt };
  const token = generateToken(settings);
  const verification = await db.verifyEmail.storeToken(id, token, { requestedAt: base.at });
  if (!verification) return null;
  const { email: to, userId } = verification;
  const owner = await findUserByEmail(context, to);
  if (owner && (isConfirmed(owner) || userId !== null)) {
    // Several waiting registrations bring the owner one mail.
    const isTold = owner.disabledAt === null && owner.id !== userId && !(await isRepeated(context, waiting, to));
    return isTold ? { ...base, kind: "already_registered", to: owner.email } : null;
  }
  return { ...base, kind: userId === null ? "confirm_email" : "confirm_new_email", to, token };
}

/** Whether an account has left the address, and no other has it. A reset requested there may be for that account. */
async function isLeft(context: Context, email: string): Promise<boolean> {
  return (await context.db.undoEmailChange.isEmailHeld(email)) && (await findUserByEmail(context, email)) === null;
}

/** The link that brings an account back to the address that it has left. */
async function undoMail(
  { db, settings }: Context,
  email: string,
  { language, at: asked }: Pick<Mail, "language" | "at">,
): Promise<Mail | null> {
  const token = generateToken(settings);
  const former = await db.undoEmailChange.storeToken(email, token, { requestedAt: asked });
  if (!former) return null;
  const device = parseDeviceKind(former.device);
  return { kind: "email_changed", to: former.email, language, at: former.leftAt, device, token };
}

/** Whether another registration of the same address waits, whose mail would say the same. */
async function isRepeated({ db }: Context, waiting: OutboxMail, email: string): Promise<boolean> {
  return waiting.kind === "registration" && (await db.outbox.isNewerRegistrationQueued(waiting, email));
}

function isConfirmed(user: User): boolean {
  return user.emailVerifiedAt !== null || user.disabledAt !== null;
}

/** The registration that an address can still confirm, or null. */
async function openRegistration(context: Context, email: string): Promise<number | null> {
  const user = await findUserByEmail(context, email);
  if (user && isConfirmed(user)) return null;
  const newest = await context.db.registrations.findNewest(email);
  if (newest) return newest.id;
  return user && context.db.registrations.addForUser(user);
}
