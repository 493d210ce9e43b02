import type { ExpressionBuilder } from "kysely";
import type { User } from "../../user.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { emailKey } from "../../values/email.ts";
import { userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import { selectEmail } from "../email-columns.ts";
import { holdUser, lockAddress, skipLockedRows } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { forgetActs, recordAct } from "./acts.ts";
import { forgetDevices, type Redeemer, recordRedeemer } from "./devices.ts";
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

/** A reset token on its way to a new password. */
export interface PasswordReset {
  readonly resetToken: string;
  /** The address of the account that the token was checked for. */
  readonly email: string;
  readonly hashedPassword: string;
  /** Whether the token came by mail, and so proves the address. */
  readonly isMailed?: boolean;
  /** The language in which the owner is told. */
  readonly language?: string;
  readonly acts?: readonly string[] | undefined;
  /** The caller, whom the account knows from then on. */
  readonly redeemer?: Redeemer | undefined;
}

/**
 * Gives the account of an address, or its newest registration, a reset token. With `mailing` the previous one stays valid
 * beside it.
 *
 * @returns the address as that account or registration spells it; null when there is neither, or when a token was mailed just
 * before this request
 */
export async function storeToken(
  store: Store,
  email: string,
  resetToken: string,
  mailing?: MailRequest,
): Promise<string | null> {
  const key = emailKey(email);
  const { clock } = store;
  return runInTransaction(store, async (transaction) => {
    const { db } = transaction;
    const user = await holdUser(transaction)
      .where("email", "=", key)
      .returning(["id", "disabled_at", selectEmail("users")])
      .executeTakeFirst();
    if (user && user.disabled_at !== null) return null;
    const registration = user ? undefined : await lockNewestRegistration(transaction, key);
    const found = user ?? registration;
    if (!found) return null;
    const owner = user ? { userId: user.id } : { verificationId: found.id };
    if (mailing) {
      if (await wasJustMailed(transaction, owner, "reset", mailing.requestedAt)) return null;
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
    // The one before may be another registration's.
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

/** Locks the rows of the registrations that wait for an address, and returns the newest. */
async function lockNewestRegistration(
  { db, engine }: Store,
  key: string,
): Promise<{ id: number; email: string } | undefined> {
  const held = await db
    .selectFrom("verifications")
    .select(["id", selectEmail("verifications")])
    .where("email", "=", key)
    .where("user_id", "is", null)
    .orderBy("id")
    .$if(engine.locksRows, (query) => query.forUpdate())
    .execute();
  return held.at(-1);
}

/** The address of the account or registration that a valid reset token belongs to, as it is spelled there; or null. */
export async function findEmail(store: Store, resetToken: string): Promise<string | null> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const hashed = digest(resetToken);
  // In one statement: otherwise a token that is accepted meanwhile could be missed in both places.
  const found = await db
    .selectFrom("users")
    .select(selectEmail("users"))
    .where(isResetToken(hashed, now))
    .unionAll(
      db
        .selectFrom("users")
        .select(selectEmail("users"))
        .where("id", "in", selectPendingToken(store, "reset", hashed).select("user_id")),
    )
    .unionAll(
      db
        .selectFrom("verifications")
        .select(selectEmail("verifications"))
        .where("reset_token", "=", hashed)
        .where("reset_token_expires_at", ">", now)
        .where("reset_token_expires_at", "<=", latest),
    )
    .unionAll(
      db
        .selectFrom("verifications")
        .select(selectEmail("verifications"))
        .where("id", "in", selectPendingToken(store, "reset", hashed).select("verification_id")),
    )
    .executeTakeFirst();
  return found?.email ?? null;
}

/**
 * Changes the password, takes the token, ends every session, forgets every device but the redeemer's, and tells the owner, all
 * or nothing. The token is taken by
 * one conditional statement, so that of many redemptions at once exactly one finds it. The token of a registration makes
 * it an account.
 *
 * @returns null when the token is not, or no longer, good
 */
export async function redeem(store: Store, redemption: PasswordReset): Promise<User | null> {
  await endSurplusSessionsByEmail(store, redemption.email);
  return runInTransaction(store, async (transaction) => {
    await lockAddress(transaction, redemption.email);
    const former = await resetAccount(transaction, redemption);
    const user = former ?? (await resetRegistration(transaction, redemption));
    if (!user) return null;
    await forgetActs(transaction, user.id);
    await recordAct(transaction, redemption.acts, { userId: user.id });
    await endSessions(transaction, user.id);
    await forgetDevices(transaction, user.id);
    await recordRedeemer(transaction, redemption.redeemer ?? {}, user.id, former === null);
    await cancelEmailChange(transaction, user.id);
    await deleteUnverifiedRegistrations(transaction, user.id);
    const { language = "en" } = redemption;
    await enqueueNotice(transaction, { kind: "password_changed", language, email: user.email });
    return user;
  });
}

async function resetAccount(
  store: Store,
  { resetToken, email, hashedPassword, isMailed: byMail }: PasswordReset,
): Promise<User | null> {
  const { db, clock } = store;
  const now = clock();
  const held = await holdUser(store)
    .where("email", "=", emailKey(email))
    .where("disabled_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (!held) return null;
  const isOnItsWay = await redeemPendingToken(store, { userId: held.id }, "reset", resetToken);
  const row = await db
    .updateTable("users")
    .set({
      hashed_password: hashedPassword,
      reset_token: null,
      reset_token_expires_at: null,
      known_since: null,
      updated_at: now,
    })
    .$if(byMail === true, (query) =>
      query.set((row) => ({ email_verified_at: row.fn.coalesce("email_verified_at", row.val(now)) })),
    )
    .where("id", "=", held.id)
    .$if(!isOnItsWay, (query) => query.where(isResetToken(digest(resetToken), now)))
    .returning(userColumns)
    .executeTakeFirst();
  if (!row) return null;
  await deleteMailedTokens(store, held.id);
  if (byMail) await deleteRegistrationsByEmail(store, email);
  return { ...row, sessionId: null, resetToken: null };
}

async function resetRegistration(
  store: Store,
  { resetToken, email, hashedPassword }: PasswordReset,
): Promise<User | null> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const held = await db
    .selectFrom("verifications")
    .select(["id", "reset_token", "reset_token_expires_at", selectEmail("verifications")])
    .where("email", "=", emailKey(email))
    .execute();
  for (const { id, email: spelled, reset_token, reset_token_expires_at } of held) {
    const endsAt = reset_token_expires_at ?? 0;
    const isInPlace = reset_token === digest(resetToken) && endsAt > now && endsAt <= latest;
    if (!isInPlace && !(await redeemPendingToken(store, { verificationId: id }, "reset", resetToken))) continue;
    return createVerifiedUser(store, spelled, hashedPassword);
  }
  return null;
}

/** Deletes tokens that have ended, at most `limit` of accounts and as many of mails; returns how many. */
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
