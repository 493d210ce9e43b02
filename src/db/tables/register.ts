import type { User } from "../../user.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { userColumns } from "../attributes.ts";
import { toEmailColumns } from "../email-columns.ts";
import { lockAddress } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { deleteDevices, type Redeemer, recordRedeemer } from "./devices.ts";
import { recordResult } from "./idempotency.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueue, type MailContent } from "./outbox.ts";
import { endSurplusSessionsByEmail } from "./session-limit.ts";
import { endSessions } from "./sessions.ts";
import {
  cancelEmailChange,
  deleteRegistrationsByEmail,
  insertVerification,
  redeemVerification,
  type Verification,
  verificationColumns,
} from "./verify-email.ts";

/** Stores a registration until its address is verified, and queues the verification email. */
export async function add(
  store: Store,
  email: string,
  hashedPassword: string,
  notice: MailContent | null,
  idempotencyKeys: readonly string[] = [],
): Promise<void> {
  await runInTransaction<void>(store, async (transaction, rollback) => {
    const verificationId = await insertVerification(transaction, {
      email,
      hashed_password: hashedPassword,
      user_id: null,
    });
    if (!(await recordResult(transaction, idempotencyKeys, { verificationId }))) throw rollback();
    if (notice && isDeliverable(email)) await enqueue(transaction, { ...notice, verificationId });
  });
}

/** Finds the newest pending registration of an address. */
export async function findNewest({ db }: Store, email: string): Promise<Verification | null> {
  const newest = await db
    .selectFrom("verifications")
    .select(verificationColumns)
    .where("verifications.email", "=", emailKey(email))
    .where("user_id", "is", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest ?? null;
}

/**
 * Adds a verification for an account whose address was never verified, as if the user registered now; returns the verification's
 * id.
 */
export async function addForUser(store: Store, user: User): Promise<number> {
  return insertVerification(store, { email: user.email, hashed_password: user.hashedPassword, user_id: null });
}

/**
 * Creates the account of a registration. If an unverified account has the address, changes its password and ends its sessions
 * instead. Deletes the other registrations of the address.
 *
 * @returns null if the token is invalid, or if a verified or disabled account has the address
 */
export async function confirm(
  store: Store,
  verification: Verification,
  token: string,
  idempotencyKeys: readonly string[] = [],
  redeemer: Redeemer = {},
): Promise<User | null> {
  const { email, hashedPassword } = verification;
  await endSurplusSessionsByEmail(store, email);
  return runInTransaction(store, async (transaction) => {
    await lockAddress(transaction, email);
    if (hashedPassword === null || !(await redeemVerification(transaction, verification, token))) return null;
    const user = await createVerifiedUser(transaction, email, hashedPassword);
    if (!user) return null;
    await recordResult(transaction, idempotencyKeys, { userId: user.id });
    await recordRedeemer(transaction, redeemer, user.id, true);
    return user;
  });
}

/**
 * Creates an account with a verified address, or takes over an unverified one; returns null if a verified or disabled account
 * exists.
 */
export async function createVerifiedUser(store: Store, email: string, hashedPassword: string): Promise<User | null> {
  const { db, clock } = store;
  const now = clock();
  const address = toEmailColumns(email);
  const row = await db
    .insertInto("users")
    .values({
      ...address,
      hashed_password: hashedPassword,
      email_verified_at: now,
      known_since: now,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .column("email")
        .doUpdateSet({
          email_spelling: address.email_spelling,
          hashed_password: hashedPassword,
          email_verified_at: now,
          known_since: now,
          updated_at: now,
          reset_token: null,
          reset_token_expires_at: null,
        })
        .where("users.email_verified_at", "is", null)
        .where("users.disabled_at", "is", null),
    )
    .returning(userColumns)
    .executeTakeFirst();
  await deleteRegistrationsByEmail(store, address.email);
  if (!row) return null;
  await endSessions(store, row.id);
  await deleteMailedTokens(store, row.id);
  await cancelEmailChange(store, row.id);
  await deleteDevices(store, row.id);
  return { ...row, sessionId: null, resetToken: null };
}
