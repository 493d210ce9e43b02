import { deleteRows } from "../delete-rows.ts";
import { digest } from "../digest.ts";
import { selectEmail } from "../email-columns.ts";
import type { Store } from "../store.ts";

// The table `acts` keeps the results of requests with idempotency keys, such as submitted forms, for a minute. If the client
// repeats the request, the server returns the first result and does not execute the request again.

/** How long a result is kept, in milliseconds. */
const lifetime = 60_000;

/** The account that a recent request changed. Both fields are null if the request changed no account, or deleted it. */
export interface IdempotentResult {
  readonly userId: number | null;
  readonly email: string | null;
}

/** The account or verification that a request created or changed. The result is deleted with the account. */
interface RequestResult {
  readonly userId?: number;
  readonly verificationId?: number;
  /** The nonce from which the id of the opened session is derived. */
  readonly nonce?: string;
}

/**
 * Records the result of a request, in the same transaction as its changes.
 *
 * @param idempotencyKeys if there are none, nothing is recorded
 * @returns false if the first key was recorded within the last minute, so the request must not be executed again
 */
export async function recordResult(
  { db, clock }: Store,
  idempotencyKeys: readonly string[] | undefined,
  { userId, verificationId, nonce }: RequestResult = {},
): Promise<boolean> {
  const now = clock();
  const values = { user_id: userId ?? null, verification_id: verificationId ?? null, nonce: nonce ?? null, at: now };
  for (const [i, key] of (idempotencyKeys ?? []).entries()) {
    const recorded = await db
      .insertInto("acts")
      .values({ name: digest(key), ...values })
      .onConflict((conflict) =>
        conflict
          .column("name")
          .doUpdateSet(values)
          // Only a wrong clock stores a future time.
          .where((row) => row.or([row("acts.at", "<=", now - lifetime), row("acts.at", ">", now + lifetime)])),
      )
      .returning("name")
      .executeTakeFirst();
    if (i === 0 && recorded === undefined) return false;
  }
  return true;
}

/** Deletes a result that refers to an ended session. */
export async function deleteResult({ db }: Store, idempotencyKey: string): Promise<void> {
  await db.deleteFrom("acts").where("name", "=", digest(idempotencyKey)).execute();
}

/** Deletes the results of a user whose password has changed. */
export async function deleteResults({ db }: Store, userId: number): Promise<void> {
  await db.deleteFrom("acts").where("user_id", "=", userId).execute();
}

/** Returns the result of the recent request with this key, or null. */
export async function findResult(store: Store, idempotencyKey: string): Promise<IdempotentResult | null> {
  const found = await selectRecent(store, idempotencyKey)
    .leftJoin("users", "users.id", "acts.user_id")
    .select(["acts.user_id as userId", selectEmail("users")])
    .executeTakeFirst();
  return found ? { userId: found.userId, email: found.userId === null ? null : found.email } : null;
}

/** Returns the nonce of the session that the recent request with this key opened, or null. */
export async function findNonce(store: Store, idempotencyKey: string): Promise<string | null> {
  return (await selectRecent(store, idempotencyKey).select("nonce").executeTakeFirst())?.nonce ?? null;
}

function selectRecent({ db, clock }: Store, idempotencyKey: string) {
  const now = clock();
  return db
    .selectFrom("acts")
    .where("acts.name", "=", digest(idempotencyKey))
    .where("acts.at", ">", now - lifetime)
    .where("acts.at", "<=", now + lifetime);
}

/**
 * Deletes at most `limit` results that are older than `before`, or in the future because of a wrong clock; returns the number of
 * deleted results.
 */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  return deleteRows(
    store,
    "acts",
    (row) => row.or([row("at", "<", before), row("at", ">", store.clock() + lifetime)]),
    limit,
  );
}
