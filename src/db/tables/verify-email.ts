import { emailKey } from "../../values/email.ts";
import { digest } from "../digest.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { holdVerification, skipLockedRows } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import {
  addMailedToken,
  type MailRequest,
  redeemPendingToken,
  selectPendingToken,
  tokenLifetime,
  validExpiryRange,
  wasJustMailed,
} from "./mailed-tokens.ts";

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

export const verificationColumns = [
  "id",
  selectEmail("verifications"),
  "hashed_password as hashedPassword",
  "user_id as userId",
] as const;

/** What a mailed token confirms, while it is good; or null. */
export async function find(store: Store, token: string): Promise<Verification | null> {
  const { db } = store;
  const hashed = digest(token);
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "verify"));
  // In one statement: otherwise a token that is accepted meanwhile could be missed in both places.
  const found = await db
    .selectFrom("verifications")
    .select(verificationColumns)
    .where("token", "=", hashed)
    .where("token_expires_at", ">", now)
    .where("token_expires_at", "<=", latest)
    .unionAll(
      db
        .selectFrom("verifications")
        .select(verificationColumns)
        .where("id", "in", selectPendingToken(store, "verify", hashed).select("verification_id")),
    )
    .executeTakeFirst();
  return found ?? null;
}

/**
 * Gives a verification the token that is being mailed; the previous one works until `accept`.
 *
 * @returns null when the verification no longer exists, or when a token was mailed just before this request
 */
export async function storeToken(
  store: Store,
  id: number,
  token: string,
  mailing?: MailRequest,
): Promise<Verification | null> {
  return runInTransaction(store, async (transaction) => {
    const held = await holdVerification(transaction)
      .where("id", "=", id)
      .returning(verificationColumns)
      .executeTakeFirst();
    if (!held) return null;
    const owner = { verificationId: id };
    if (mailing && (await wasJustMailed(transaction, owner, "verify", mailing.requestedAt))) return null;
    await addMailedToken(transaction, owner, "verify", token);
    return held;
  });
}

/** Takes a verification by its token, once. */
export async function takeVerification(store: Store, { id }: Verification, token: string): Promise<boolean> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "verify"));
  const held = await holdVerification(store).where("id", "=", id).returning(verificationColumns).executeTakeFirst();
  if (!held) return false;
  const isOnItsWay = await redeemPendingToken(store, { verificationId: id }, "verify", token);
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

export async function insertVerification(
  { db, clock }: Store,
  values: { email: string; hashed_password: string | null; user_id: number | null },
): Promise<number> {
  const { id } = await db
    .insertInto("verifications")
    .values({ ...values, ...toEmailColumns(values.email), created_at: clock() })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Cancels the moves of an account: the person who changes the password did not trust earlier requests. */
export async function cancelEmailChange({ db }: Store, userId: number, but = 0): Promise<void> {
  await db.deleteFrom("verifications").where("user_id", "=", userId).where("id", "!=", but).execute();
}

/**
 * Drops the registrations that wait for an address. Other accounts' moves there stay until they expire: their owners see them,
 * and would learn that the address has an account now. The acts stay too, so that a form that is sent again still counts as done.
 */
export async function deleteRegistrationsByEmail({ db }: Pick<Store, "db">, email: string): Promise<void> {
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
export async function deleteUnverifiedRegistrations({ db }: Store, userId: number): Promise<void> {
  const unconfirmed = db
    .selectFrom("users")
    .select("email")
    .where("id", "=", userId)
    .where("email_verified_at", "is", null);
  await db.deleteFrom("verifications").where("email", "in", unconfirmed).where("user_id", "is", null).execute();
}

/** Deletes at most `limit` verifications from before a time; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(
    store,
    db.selectFrom("verifications").select("id").where("created_at", "<", before).limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("verifications").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
