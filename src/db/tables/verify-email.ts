import { emailKey } from "../../values/email.ts";
import { deleteRows } from "../delete-rows.ts";
import { digest } from "../digest.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { buildVerificationLock } from "../locks.ts";
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

/** A pending verification of an address. */
export interface Verification {
  readonly id: number;
  /** The address as given. */
  readonly email: string;
  /** The password hash of the registration; null for an email change. */
  readonly hashedPassword: string | null;
  /** The account that changes its address; null for a registration. */
  readonly userId: number | null;
}

export const verificationColumns = [
  "id",
  selectEmail("verifications"),
  "hashed_password as hashedPassword",
  "user_id as userId",
] as const;

/** Finds the verification of a mailed token; null if the token is invalid. */
export async function findVerification(store: Store, token: string): Promise<Verification | null> {
  const { db } = store;
  const tokenHash = digest(token);
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "verify"));
  // This is one statement, because two statements could both miss a token that is accepted between them.
  const found = await db
    .selectFrom("verifications")
    .select(verificationColumns)
    .where("token", "=", tokenHash)
    .where("token_expires_at", ">", now)
    .where("token_expires_at", "<=", latest)
    .unionAll(
      db
        .selectFrom("verifications")
        .select(verificationColumns)
        .where("id", "in", selectPendingToken(store, "verify", tokenHash).select("verification_id")),
    )
    .executeTakeFirst();
  return found ?? null;
}

/**
 * Stores the token that is about to be mailed for a verification. The previous one stays valid until `markAccepted`.
 *
 * @returns null if the verification no longer exists, or if a token was mailed just before the request
 */
export async function storeToken(
  store: Store,
  id: number,
  token: string,
  mailRequest?: MailRequest,
): Promise<Verification | null> {
  return runInTransaction(store, async (transaction) => {
    const verification = await buildVerificationLock(transaction)
      .where("id", "=", id)
      .returning(verificationColumns)
      .executeTakeFirst();
    if (!verification) return null;
    const owner = { verificationId: id };
    if (mailRequest && (await wasJustMailed(transaction, owner, "verify", mailRequest.requestedAt))) return null;
    await addMailedToken(transaction, owner, "verify", token);
    return verification;
  });
}

/** Redeems the token of a verification, which deletes the verification; returns false if the token is invalid. */
export async function redeemVerification(store: Store, { id }: Verification, token: string): Promise<boolean> {
  const { db } = store;
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, "verify"));
  const verification = await buildVerificationLock(store)
    .where("id", "=", id)
    .returning(verificationColumns)
    .executeTakeFirst();
  if (!verification) return false;
  const isPending = await redeemPendingToken(store, { verificationId: id }, "verify", token);
  const { numDeletedRows } = await db
    .deleteFrom("verifications")
    .where("id", "=", id)
    .$if(!isPending, (query) =>
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

/** Cancels the email changes of an account. A password change also cancels them, because an attacker may have requested them. */
export async function cancelEmailChange({ db }: Store, userId: number, except = 0): Promise<void> {
  await db.deleteFrom("verifications").where("user_id", "=", userId).where("id", "!=", except).execute();
}

/**
 * Deletes the pending registrations of an address. Email changes of other accounts to the address stay until they expire, because
 * their users see them, and a deletion would reveal that the address now has an account. The results of requests stay too, in
 * case a form is sent twice.
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

/** Deletes the pending registrations of an unverified account, because confirming one would restore an earlier password. */
export async function deleteUnverifiedRegistrations({ db }: Store, userId: number): Promise<void> {
  const unconfirmed = db
    .selectFrom("users")
    .select("email")
    .where("id", "=", userId)
    .where("email_verified_at", "is", null);
  await db.deleteFrom("verifications").where("email", "in", unconfirmed).where("user_id", "is", null).execute();
}

/** Deletes at most `limit` verifications that are older than `before`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  return deleteRows(store, "verifications", (row) => row("created_at", "<", before), limit);
}
