import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { emailKey, isMailable } from "../../values/email.ts";
import { userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import { lockAddress, skipLocked } from "../locks.ts";
import { emailColumns, spelledEmail } from "../spellings.ts";
import { atomically, type Store } from "../store.ts";
import { recordAct } from "./acts.ts";
import { forgetDevices, type Redeemer, rememberRedeemer } from "./devices.ts";
import { leaveEmail } from "./former-emails.ts";
import {
  addMailedToken,
  endsWithin,
  forgetMailedTokens,
  lifetimeOf,
  type Mailing,
  onItsWay,
  takeMailedToken,
  wasJustMailed,
} from "./mailed-tokens.ts";
import { enqueueNotice } from "./notices.ts";
import { enqueue, type Notice } from "./outbox.ts";
import { endSurplusSessions, endSurplusSessionsOf } from "./session-limit.ts";
import { endOtherSessions, endSessions, type Renewal, renewSession } from "./sessions.ts";

/** An address that waits to be confirmed. */
export interface Verification {
  readonly id: number;
  /** In the given spelling. */
  readonly email: string;
  /** The hash of the registration's password; null for an account that moves. */
  readonly hashedPassword: string | null;
  /** The account that moves; null for a registration. */
  readonly userId: number | null;
}

const columns = [
  "id",
  spelledEmail("verifications"),
  "hashed_password as hashedPassword",
  "user_id as userId",
] as const;

/** Stores a registration until its address is confirmed, and queues the mail for that if one can be sent. */
export async function addRegistration(
  store: Store,
  { email, hashedPassword }: { readonly email: string; readonly hashedPassword: string },
  notice: Notice | null,
  acts: readonly string[],
): Promise<void> {
  await once(store, async (transaction) => {
    const verificationId = await insert(transaction, { email, hashed_password: hashedPassword, user_id: null });
    if (!(await recordAct(transaction, acts, { verificationId }))) throw new NotGood();
    if (notice && isMailable(email)) await enqueue(transaction, { ...notice, verificationId });
  });
}

/**
 * Keeps where an account moves to until that is confirmed, instead of where it wanted to before; both addresses are told.
 *
 * @returns false when the account is gone, disabled, or has another password than the one that was given for this
 */
export async function addMove(
  store: Store,
  user: User,
  {
    email,
    language,
    isMailed,
    network,
  }: {
    readonly email: string;
    readonly language: string;
    readonly isMailed: boolean;
    readonly network: string | null;
  },
  acts: readonly string[],
): Promise<boolean> {
  const userId = user.id;
  const added = await once(store, async (transaction) => {
    await lockAddress(transaction, user.email, userId);
    // An update, even of nothing, holds the user's row until the end: of two changes at once one replaces the other.
    const { numUpdatedRows } = await transaction.db
      .updateTable("users")
      .set((column) => ({ updated_at: column.ref("updated_at") }))
      .where("id", "=", userId)
      .where("hashed_password", "=", user.hashedPassword)
      .where("disabled_at", "is", null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    const verificationId = await insert(transaction, { email, hashed_password: null, user_id: userId });
    if (!(await recordAct(transaction, acts, { verificationId }))) throw new NotGood();
    await forgetMove(transaction, userId, verificationId);
    if (isMailed && isMailable(email)) await enqueue(transaction, { kind: "move", language, verificationId, network });
    await enqueueNotice(transaction, { kind: "moving", language, email: user.email });
    return true;
  });
  return added ?? true;
}

/** Does the work in a transaction; undefined, and no change, if it throws `NotGood` because it was done already. */
async function once<T>(store: Store, work: (transaction: Store) => Promise<T>): Promise<T | undefined> {
  return atomically(store, work).catch((error: unknown) => {
    if (error instanceof NotGood) return undefined;
    throw error;
  });
}

/** Cancels the moves of an account: the person who changes the password did not trust earlier requests. */
export async function forgetMove({ db }: Store, userId: number, but = 0): Promise<void> {
  await db.deleteFrom("verifications").where("user_id", "=", userId).where("id", "!=", but).execute();
}

/**
 * Drops the registrations that wait for an address. Other accounts' moves there stay until they expire: their owners see them, and
 * would learn that the address has an account now. The acts stay too, so that a form that is sent again still counts as done.
 */
export async function forgetRegistrationsOf({ db }: Pick<Store, "db">, email: string): Promise<void> {
  const key = emailKey(email);
  const registrations = db
    .selectFrom("verifications")
    .select("id")
    .where("verifications.email", "=", key)
    .where("user_id", "is", null);
  await db.updateTable("acts").set({ verification_id: null }).where("verification_id", "in", registrations).execute();
  await db.deleteFrom("verifications").where("email", "=", key).where("user_id", "is", null).execute();
}

/** Has an account that was never confirmed keep the password it has now: a registration holds the one before. */
export async function forgetRegistrations({ db }: Store, userId: number): Promise<void> {
  const unconfirmed = db
    .selectFrom("users")
    .select("email")
    .where("id", "=", userId)
    .where("email_verified_at", "is", null);
  await db.deleteFrom("verifications").where("email", "in", unconfirmed).where("user_id", "is", null).execute();
}

async function insert(
  { db, clock }: Store,
  values: { email: string; hashed_password: string | null; user_id: number | null },
): Promise<number> {
  const { id } = await db
    .insertInto("verifications")
    .values({ ...values, ...emailColumns(values.email), created_at: clock() })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** The newest registration that waits for this address, or null. */
export async function newestRegistration({ db }: Store, email: string): Promise<Verification | null> {
  const newest = await db
    .selectFrom("verifications")
    .select(columns)
    .where("verifications.email", "=", emailKey(email))
    .where("user_id", "is", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest ?? null;
}

/** What a mailed token confirms, while it is good; or null. */
export async function findVerification(store: Store, token: string): Promise<Verification | null> {
  const { db } = store;
  const hashed = digest(token);
  const [now, latest] = endsWithin(store, lifetimeOf(store, "verify"));
  // In one statement: otherwise a token that is accepted meanwhile could be missed in both places.
  const found = await db
    .selectFrom("verifications")
    .select(columns)
    .where("token", "=", hashed)
    .where("token_expires_at", ">", now)
    .where("token_expires_at", "<=", latest)
    .unionAll(
      db
        .selectFrom("verifications")
        .select(columns)
        .where("id", "in", onItsWay(store, "verify", hashed).select("verification_id")),
    )
    .executeTakeFirst();
  return found ?? null;
}

/**
 * Gives a verification the token that is being mailed; the previous one works until `acceptToken`.
 *
 * @returns null when the verification no longer exists, or when a token was mailed just before this request
 */
export async function giveVerifyToken(
  store: Store,
  id: number,
  token: string,
  mailing?: Mailing,
): Promise<Verification | null> {
  return atomically(store, async (transaction) => {
    const held = await hold(transaction, id);
    if (!held) return null;
    const owner = { verificationId: id };
    if (mailing && (await wasJustMailed(transaction, owner, "verify", mailing.asked))) return null;
    await addMailedToken(transaction, owner, "verify", token);
    return held;
  });
}

/** Locks the row of a verification until the transaction ends. */
async function hold({ db }: Store, id: number): Promise<Verification | undefined> {
  return db
    .updateTable("verifications")
    .set((row) => ({ created_at: row.ref("created_at") }))
    .where("id", "=", id)
    .returning(columns)
    .executeTakeFirst();
}

/** An account that was never confirmed gets a verification with its own password, as if it registered now. */
export async function registrationOfUser(store: Store, user: User): Promise<number> {
  return insert(store, { email: user.email, hashed_password: user.hashedPassword, user_id: null });
}

/** Takes a verification by its token, once. */
async function take(store: Store, { id }: Verification, token: string): Promise<boolean> {
  const { db } = store;
  const [now, latest] = endsWithin(store, lifetimeOf(store, "verify"));
  if (!(await hold(store, id))) return false;
  const isOnItsWay = await takeMailedToken(store, { verificationId: id }, "verify", token);
  const { numDeletedRows } = await db
    .deleteFrom("verifications")
    .where("id", "=", id)
    .$if(!isOnItsWay, (query) =>
      query
        .where("token", "=", digest(token))
        .where("token_expires_at", ">", now)
        .where("token_expires_at", "<=", latest),
    )
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/**
 * Makes a registration an account, all or nothing: an account that was never confirmed becomes this one's, without its
 * sessions, and every other registration of the address is dropped.
 *
 * @returns null when the token is no longer good, or the address has a confirmed account
 */
export async function confirmRegistration(
  store: Store,
  verification: Verification,
  token: string,
  acts: readonly string[],
  redeemer: Redeemer,
): Promise<User | null> {
  const { email, hashedPassword } = verification;
  await endSurplusSessionsOf(store, email);
  return atomically(store, async (transaction) => {
    await lockAddress(transaction, email);
    if (hashedPassword === null || !(await take(transaction, verification, token))) return null;
    const user = await claimAddress(transaction, email, hashedPassword);
    if (!user) return null;
    await recordAct(transaction, acts, { userId: user.id });
    await rememberRedeemer(transaction, redeemer, user.id, true);
    return user;
  });
}

/** The account of an address that is proven now; null when it has one that is confirmed already, or disabled. */
export async function claimAddress(store: Store, email: string, hashedPassword: string): Promise<User | null> {
  const { db, clock } = store;
  const now = clock();
  const address = emailColumns(email);
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
  await forgetRegistrationsOf(store, address.email);
  if (!row) return null;
  await endSessions(store, row.id);
  await forgetMailedTokens(store, row.id);
  await forgetMove(store, row.id);
  await forgetDevices(store, row.id);
  return { ...row, sessionId: null, resetToken: null };
}

/** A move that its mailed token and the account's password confirm. */
export interface MoveProof {
  readonly token: string;
  /** The hash that the password was verified against. */
  readonly verifiedHash: string;
  /** The session of this account that continues under a new id; every other ends. */
  readonly session?: (Renewal & { readonly sessionId: string }) | undefined;
  /** A device that stays known, beside the redeemer's; every other is forgotten. */
  readonly device?: string | undefined;
  readonly redeemer: Redeemer;
  /** The kind of device that confirms, such as `Firefox/Windows`. */
  readonly deviceKind: string | null;
  /** The language of the mail to the old address. */
  readonly language: string;
  readonly acts?: readonly string[] | undefined;
}

/**
 * Moves an account to the address that was mailed, if its password is still the one that was verified, and mails the old
 * address how to undo it. The sessions from before and a reset token that was mailed to the old address end.
 *
 * @returns whether it was moved, and the nonce that the new id of the session is derived from, if one goes on; false when the
 * token is no longer good
 * @throws {EmailTaken} when the address has an account
 */
export async function confirmMove(
  store: Store,
  verification: Verification,
  proof: MoveProof,
): Promise<{ readonly nonce: string | null } | false> {
  const { userId } = verification;
  const { token, verifiedHash, session, device, deviceKind, redeemer, language, acts } = proof;
  const address = emailColumns(verification.email);
  const now = store.clock();
  if (userId !== null) await endSurplusSessions(store, userId, session?.sessionId);
  try {
    return await atomically(store, async (transaction) => {
      const { db } = transaction;
      await lockAddress(transaction, verification.email, userId);
      const mover =
        userId !== null &&
        (await db
          .updateTable("users")
          .set((row) => ({ updated_at: row.ref("updated_at") }))
          .where("id", "=", userId)
          .where("hashed_password", "=", verifiedHash)
          .where("disabled_at", "is", null)
          .returning(spelledEmail("users"))
          .executeTakeFirst());
      if (!mover || !(await take(transaction, verification, token))) throw new NotGood();
      await db
        .updateTable("users")
        .set({ ...address, email_verified_at: now, updated_at: now, reset_token: null, reset_token_expires_at: null })
        .where("id", "=", userId)
        .execute();
      const departure = { userId, from: mover.email, to: verification.email, device: deviceKind, language };
      await leaveEmail(transaction, departure);
      const nonce = session ? await renewSession(transaction, session.sessionId, session) : false;
      if (session && nonce !== false) await endOtherSessions(transaction, userId, session.sessionId);
      else await endSessions(transaction, userId);
      await forgetDevices(transaction, userId, device);
      await forgetMailedTokens(transaction, userId);
      await recordAct(transaction, acts, { userId });
      await rememberRedeemer(transaction, redeemer, userId, false);
      await forgetRegistrationsOf(transaction, address.email);
      return { nonce: nonce === false ? null : nonce };
    });
  } catch (error) {
    if (error instanceof NotGood) return false;
    throw store.engine.isUniqueViolation(error, "users.email") ? new EmailTaken("the address has an account") : error;
  }
}

/** Undoes what was begun, so that a refusal leaves the token alive. */
class NotGood extends Error {}

/** Where an account wants to move to, or null. */
export async function moveOf({ db }: Store, userId: number): Promise<string | null> {
  const move = await db
    .selectFrom("verifications")
    .select(spelledEmail("verifications"))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return move?.email ?? null;
}

/** Deletes at most `limit` verifications from before a time; returns how many. */
export async function sweepVerifications(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLocked(
    store,
    db.selectFrom("verifications").select("id").where("created_at", "<", before).limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("verifications").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
