import type { ExpressionBuilder } from "kysely";
import type { User } from "../../user.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { emailKey } from "../../values/email.ts";
import { userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import { selectEmail } from "../email-columns.ts";
import { buildUserLock, lockAddress, skipLockedRows } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { deleteDevices, type Redeemer, recordRedeemer } from "./devices.ts";
import { deleteResults, recordResult } from "./idempotency.ts";
import {
  addMailedToken,
  deleteMailedTokens,
  isResetToken,
  type MailRequest,
  redeemPendingToken,
  selectPendingToken,
  sweepMailedTokens,
  tokenLifetime,
  validExpiryRange,
  wasJustMailed,
} from "./mailed-tokens.ts";
import { enqueueNotice } from "./notices.ts";
import { createVerifiedUser } from "./register.ts";
import { endSurplusSessionsByEmail } from "./session-limit.ts";
import { endSessions } from "./sessions.ts";
import { cancelEmailChange, deleteRegistrationsByEmail, deleteUnverifiedRegistrations } from "./verify-email.ts";

/** The redemption of a reset token. */
export interface PasswordReset {
  readonly resetToken: string;
  /** The address of the account for which the token was checked. */
  readonly email: string;
  readonly hashedPassword: string;
  /** True if the token was sent by email. Redeeming it then verifies the address. */
  readonly isMailed?: boolean;
  /** The language of the email to the user. */
  readonly language?: string;
  readonly idempotencyKeys?: readonly string[] | undefined;
  /** The caller, who becomes known to the account. */
  readonly redeemer?: Redeemer | undefined;
}

/**
 * Stores a reset token for the account of an address, or for the newest registration. If the token is sent by email, the previous
 * one stays valid until `markAccepted`.
 *
 * @returns the address as registered; null if neither exists, if the account is disabled, or if a token was mailed just before
 * the request
 */
export async function storeToken(
  store: Store,
  email: string,
  resetToken: string,
  mailRequest?: MailRequest,
): Promise<string | null> {
  const key = emailKey(email);
  const { clock } = store;
  return runInTransaction(store, async (transaction) => {
    const { db } = transaction;
    const user = await buildUserLock(transaction)
      .where("email", "=", key)
      .returning(["id", "disabled_at", selectEmail("users")])
      .executeTakeFirst();
    if (user && user.disabled_at !== null) return null;
    const registration = user ? undefined : await lockNewestRegistration(transaction, key);
    const found = user ?? registration;
    if (!found) return null;
    const owner = user ? { userId: user.id } : { verificationId: found.id };
    if (mailRequest) {
      if (await wasJustMailed(transaction, owner, "reset", mailRequest.requestedAt)) return null;
      await addMailedToken(transaction, owner, "reset", resetToken);
      return found.email;
    }
    const token = {
      reset_token: digest(resetToken),
      reset_token_expires_at: clock() + store.lifetimes.RESET_TOKEN_LIFETIME,
    };
    if (user) {
      await deleteMailedTokens(transaction, user.id);
      await db
        .updateTable("users")
        .set({ ...token, updated_at: clock() })
        .where("id", "=", user.id)
        .execute();
      return user.email;
    }
    // The previous token may belong to another registration.
    const ofAddress = db.selectFrom("verifications").select("id").where("email", "=", key);
    await db
      .deleteFrom("mailed_tokens")
      .where("verification_id", "in", ofAddress)
      .where("purpose", "=", "reset")
      .execute();
    await db
      .updateTable("verifications")
      .set({ reset_token: null, reset_token_expires_at: null })
      .where("email", "=", key)
      .where("reset_token", "is not", null)
      .execute();
    await db.updateTable("verifications").set(token).where("id", "=", found.id).execute();
    return found.email;
  });
}

/** Locks the pending registrations of an address, and returns the newest. */
async function lockNewestRegistration(
  { db, engine }: Store,
  key: string,
): Promise<{ id: number; email: string } | undefined> {
  const registrations = await db
    .selectFrom("verifications")
    .select(["id", selectEmail("verifications")])
    .where("email", "=", key)
    .where("user_id", "is", null)
    .orderBy("id")
    .$if(engine.locksRows, (query) => query.forUpdate())
    .execute();
  return registrations.at(-1);
}

/** Finds the address of the account or registration of a reset token, as registered; null if the token is invalid. */
export async function findEmail(store: Store, resetToken: string): Promise<string | null> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const tokenHash = digest(resetToken);
  // This is one statement, because two statements could both miss a token that is accepted between them.
  const found = await db
    .selectFrom("users")
    .select(selectEmail("users"))
    .where(isResetToken(tokenHash, now))
    .unionAll(
      db
        .selectFrom("users")
        .select(selectEmail("users"))
        .where("id", "in", selectPendingToken(store, "reset", tokenHash).select("user_id")),
    )
    .unionAll(
      db
        .selectFrom("verifications")
        .select(selectEmail("verifications"))
        .where("reset_token", "=", tokenHash)
        .where("reset_token_expires_at", ">", now)
        .where("reset_token_expires_at", "<=", latest),
    )
    .unionAll(
      db
        .selectFrom("verifications")
        .select(selectEmail("verifications"))
        .where("id", "in", selectPendingToken(store, "reset", tokenHash).select("verification_id")),
    )
    .executeTakeFirst();
  return found?.email ?? null;
}

/**
 * Redeems a reset token in one transaction: changes the password, ends all sessions, forgets all devices except the redeemer's,
 * and queues an email to the user. The token of a registration creates its account. A single conditional statement consumes the
 * token, so only one of several concurrent redemptions succeeds.
 *
 * @returns null if the token is invalid
 */
export async function redeem(store: Store, reset: PasswordReset): Promise<User | null> {
  await endSurplusSessionsByEmail(store, reset.email);
  return runInTransaction(store, async (transaction) => {
    await lockAddress(transaction, reset.email);
    const existing = await resetAccount(transaction, reset);
    const user = existing ?? (await resetRegistration(transaction, reset));
    if (!user) return null;
    await deleteResults(transaction, user.id);
    await recordResult(transaction, reset.idempotencyKeys, { userId: user.id });
    await endSessions(transaction, user.id);
    await deleteDevices(transaction, user.id);
    await recordRedeemer(transaction, reset.redeemer ?? {}, user.id, existing === null);
    await cancelEmailChange(transaction, user.id);
    await deleteUnverifiedRegistrations(transaction, user.id);
    const { language = "en" } = reset;
    await enqueueNotice(transaction, { kind: "password_changed", language, email: user.email });
    return user;
  });
}

async function resetAccount(
  store: Store,
  { resetToken, email, hashedPassword, isMailed = false }: PasswordReset,
): Promise<User | null> {
  const { db, clock } = store;
  const now = clock();
  const account = await buildUserLock(store)
    .where("email", "=", emailKey(email))
    .where("disabled_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (!account) return null;
  const isPending = await redeemPendingToken(store, { userId: account.id }, "reset", resetToken);
  const row = await db
    .updateTable("users")
    .set({
      hashed_password: hashedPassword,
      reset_token: null,
      reset_token_expires_at: null,
      known_since: null,
      updated_at: now,
    })
    .$if(isMailed, (query) =>
      query.set((row) => ({ email_verified_at: row.fn.coalesce("email_verified_at", row.val(now)) })),
    )
    .where("id", "=", account.id)
    .$if(!isPending, (query) => query.where(isResetToken(digest(resetToken), now)))
    .returning(userColumns)
    .executeTakeFirst();
  if (!row) return null;
  await deleteMailedTokens(store, account.id);
  if (isMailed) await deleteRegistrationsByEmail(store, email);
  return { ...row, sessionId: null, resetToken: null };
}

async function resetRegistration(
  store: Store,
  { resetToken, email, hashedPassword }: PasswordReset,
): Promise<User | null> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const registrations = await db
    .selectFrom("verifications")
    .select(["id", "reset_token", "reset_token_expires_at", selectEmail("verifications")])
    .where("email", "=", emailKey(email))
    .execute();
  for (const { id, email: address, reset_token, reset_token_expires_at } of registrations) {
    const endsAt = reset_token_expires_at ?? 0;
    const isAccepted = reset_token === digest(resetToken) && endsAt > now && endsAt <= latest;
    if (!isAccepted && !(await redeemPendingToken(store, { verificationId: id }, "reset", resetToken))) continue;
    return createVerifiedUser(store, address, hashedPassword);
  }
  return null;
}

/** Deletes at most `limit` expired tokens of accounts, and at most `limit` expired mailed tokens; returns their number. */
export async function sweepTokens(store: Store, limit: number): Promise<number> {
  const { db, clock } = store;
  const now = clock();
  const hasEnded = ({ and, or, eb }: ExpressionBuilder<Schema, "users">) =>
    or([
      eb("reset_token_expires_at", "<=", now),
      and([eb("reset_token_expires_at", ">", now), eb("updated_at", ">", now + clockTolerance)]),
    ]);
  const ended = skipLockedRows(store, db.selectFrom("users").select("id").where(hasEnded).limit(limit));
  const { numUpdatedRows } = await db
    .updateTable("users")
    .set({ reset_token: null, reset_token_expires_at: null })
    .where("id", "in", ended)
    .where(hasEnded)
    .executeTakeFirst();
  return Number(numUpdatedRows) + (await sweepMailedTokens(store, limit));
}
