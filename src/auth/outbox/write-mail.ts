import type { OutboxMail } from "../../db/db.ts";
import { toLanguage } from "../../languages/languages.ts";
import type { Mail } from "../../mail/mailer.ts";
import type { User } from "../../user.ts";
import { parseDeviceKind } from "../../values/device-kind.ts";
import type { Context } from "../context.ts";
import { generateToken } from "../secrets.ts";
import { findUserByEmail, findUserById } from "../users.ts";

/**
 * Composes an email from the current state of the account, and generates its token. Returns null if there is nothing to
 * send: the request that queued the email did not look up the account, so that its response time reveals nothing.
 */
export async function writeMail(context: Context, waiting: OutboxMail): Promise<Mail | null> {
  const { db, settings } = context;
  const { userId, verificationId, email, createdAt: at, eventCount: times } = waiting;
  const base = { language: toLanguage(waiting.language), at };
  const device = parseDeviceKind(waiting.device);
  switch (waiting.kind) {
    case "registration":
    case "move":
      return verificationId === null ? null : writeVerificationMail(context, verificationId, waiting);
    case "verification": {
      const id = email === null ? null : await findOpenRegistration(context, email);
      // Skipped while the email of the registration itself waits: it has the same link.
      return id === null || (await db.outbox.isRegistrationQueued(id))
        ? null
        : writeVerificationMail(context, id, waiting);
    }
    case "invitation":
    case "reset": {
      // After an attacker has changed the email, the owner may request a reset to the former address.
      if (email !== null && (await isFormerEmail(context, email))) return writeUndoMail(context, email, base);
      const token = generateToken(settings);
      // The address as it was registered: the request may have spelled it differently.
      const to = email === null ? null : await db.resetPassword.storeToken(email, token, { requestedAt: at });
      const kind = waiting.kind === "reset" ? "reset_password" : waiting.kind;
      return to === null ? null : { ...base, kind, to, token };
    }
    case "moving":
      return email === null ? null : { ...base, kind: "email_changing", to: email, times };
    case "moved":
      return email === null ? null : writeUndoMail(context, email, base);
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

/** Returns the email with the verification link or, if the address has an account already, a notice to its owner. */
async function writeVerificationMail(context: Context, id: number, waiting: OutboxMail): Promise<Mail | null> {
  const { db, settings } = context;
  const base = { language: toLanguage(waiting.language), at: waiting.createdAt };
  const token = generateToken(settings);
  const verification = await db.verifyEmail.storeToken(id, token, { requestedAt: base.at });
  if (!verification) return null;
  const { email: to, userId } = verification;
  const owner = await findUserByEmail(context, to);
  if (owner && (isVerifiedOrDisabled(owner) || userId !== null)) {
    // Several waiting registrations send the owner only one notice.
    const isNotified = owner.disabledAt === null && owner.id !== userId && !(await isRepeated(context, waiting, to));
    return isNotified ? { ...base, kind: "already_registered", to: owner.email } : null;
  }
  return { ...base, kind: userId === null ? "confirm_email" : "confirm_new_email", to, token };
}

/** Returns true if an account had this address before an email change, and no other account has it now. */
async function isFormerEmail(context: Context, email: string): Promise<boolean> {
  return (await context.db.undoEmailChange.isEmailHeld(email)) && (await findUserByEmail(context, email)) === null;
}

/** Returns the email with the link to undo an email change. */
async function writeUndoMail(
  { db, settings }: Context,
  email: string,
  { language, at: requestedAt }: Pick<Mail, "language" | "at">,
): Promise<Mail | null> {
  const token = generateToken(settings);
  const former = await db.undoEmailChange.storeToken(email, token, { requestedAt });
  if (!former) return null;
  const device = parseDeviceKind(former.device);
  return { kind: "email_changed", to: former.email, language, at: former.leftAt, device, token };
}

/** Returns true if a newer registration of the same address waits, because its email would be the same. */
async function isRepeated({ db }: Context, waiting: OutboxMail, email: string): Promise<boolean> {
  return waiting.kind === "registration" && (await db.outbox.isNewerRegistrationQueued(waiting, email));
}

function isVerifiedOrDisabled(user: User): boolean {
  return user.emailVerifiedAt !== null || user.disabledAt !== null;
}

/** Returns the registration that this address can still confirm, or null. */
async function findOpenRegistration(context: Context, email: string): Promise<number | null> {
  const user = await findUserByEmail(context, email);
  if (user && isVerifiedOrDisabled(user)) return null;
  const newest = await context.db.registrations.findNewest(email);
  if (newest) return newest.id;
  return user && context.db.registrations.addForUser(user);
}
