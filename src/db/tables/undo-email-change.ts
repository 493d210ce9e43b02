import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { userColumns } from "../attributes.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { holdUser, lockAddress } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { forgetActs, recordAct } from "./acts.ts";
import { forgetDevices } from "./devices.ts";
import { find as findFormerEmail } from "./former-emails.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueue } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { endSessions } from "./sessions.ts";
import { cancelEmailChange } from "./verify-email.ts";

/** A mailed token that undoes a move. */
export interface EmailChangeUndo {
  readonly token: string;
  /** The hash that takes the place of the account's: no password matches it. */
  readonly hashedPassword: string;
  readonly language: string;
  /** The kind of device that it is undone on. */
  readonly device: string | null;
  readonly acts?: readonly string[] | undefined;
}

/**
 * Brings an account back to the address that it has left, takes the token and those of later moves, ends every session and every
 * other token, replaces the password, mails a reset link to the address, and tells the one that the account leaves now: all or
 * nothing. The token is taken while the account's row is locked, so of many requests at once exactly one finds it.
 *
 * @returns null when the token is invalid
 * @throws {EmailTaken} when another account has the address by now; the token stays valid
 */
export async function undo(store: Store, undone: EmailChangeUndo): Promise<User | null> {
  const { token, hashedPassword, language, device, acts } = undone;
  const found = await findFormerEmail(store, token);
  if (found) await endSurplusSessions(store, found.userId);
  const undoing = runInTransaction(store, async (transaction) => {
    const { db, clock } = transaction;
    if (found) await lockAddress(transaction, found.email, found.userId);
    const former = await findFormerEmail(transaction, token);
    if (!former) return null;
    const { id, userId, email } = former;
    const present = await holdUser(transaction)
      .where("id", "=", userId)
      .where("disabled_at", "is", null)
      .returning(selectEmail("users"))
      .executeTakeFirst();
    if (!present) return null;
    const { numDeletedRows } = await db.deleteFrom("former_emails").where("id", "=", id).executeTakeFirst();
    if (numDeletedRows === 0n) return null;
    // The links of later moves went to addresses that the holder of this one does not trust.
    await db.deleteFrom("former_emails").where("user_id", "=", userId).where("id", ">", id).execute();
    const now = clock();
    const row = await db
      .updateTable("users")
      .set({
        ...toEmailColumns(email),
        email_verified_at: now,
        hashed_password: hashedPassword,
        reset_token: null,
        reset_token_expires_at: null,
        known_since: null,
        updated_at: now,
      })
      .where("id", "=", userId)
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    await forgetActs(transaction, userId);
    await recordAct(transaction, acts, { userId });
    await endSessions(transaction, userId);
    await deleteMailedTokens(transaction, userId);
    await cancelEmailChange(transaction, userId);
    await forgetDevices(transaction, userId);
    await enqueue(transaction, { kind: "reset", language, email });
    await enqueue(transaction, { kind: "move_undone", language, device, email: present.email });
    return { ...row, sessionId: null, resetToken: null };
  });
  return undoing.catch((error: unknown) => {
    throw store.engine.isUniqueViolation(error, "users.email") ? new EmailTaken("the address has an account") : error;
  });
}
