import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import { digest } from "../digest.ts";
import { isIn } from "../lists.ts";
import { buildUserLock, skipLockedRows } from "../locks.ts";
import type { MailedTokensTable, Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";

/** The purpose of a mailed token: a password reset, an email verification, or the undo of an email change. */
export type TokenPurpose = "reset" | "verify" | "undo";

/** The owner of a token: an account, a pending verification or a former address. */
export type TokenOwner =
  | { readonly userId: number }
  | { readonly verificationId: number }
  | { readonly formerEmailId: number };

/** A request for an email with a token. The previous token stays valid until `markAccepted`. */
export interface MailRequest {
  /** When the email was requested, in milliseconds since the epoch. */
  readonly requestedAt: number;
}

/** The maximum number of pending tokens per owner and purpose; the oldest are deleted. */
const maxPendingTokens = 10;
/** A request within this many milliseconds after an email was accepted is a repetition, such as a double click. */
const repeatWindow = 10_000;

/**
 * Returns the range of expiry times of valid tokens with this lifetime. A token that expires later was created by a wrong clock,
 * and is invalid because its age is unknown.
 */
export function validExpiryRange(
  { clock }: Pick<Store, "clock">,
  lifetime: number,
): readonly [after: number, until: number] {
  const now = clock();
  return [now, now + lifetime + clockTolerance];
}

/** Returns the lifetime of a token, in milliseconds. */
export function tokenLifetime({ lifetimes }: Pick<Store, "lifetimes">, purpose: TokenPurpose): number {
  if (purpose === "undo") return undoLifetime;
  return purpose === "reset" ? lifetimes.RESET_TOKEN_LIFETIME : lifetimes.VERIFY_TOKEN_LIFETIME;
}

/**
 * Stores a token that is about to be mailed. The token is valid immediately, and the previous one stays valid until
 * `markAccepted`. The transaction must have locked the row of the owner.
 */
export async function addMailedToken(
  store: Store,
  owner: TokenOwner,
  purpose: TokenPurpose,
  token: string,
): Promise<void> {
  const { db, clock } = store;
  const newestSurplus = await db
    .selectFrom("mailed_tokens")
    .select("id")
    .where(isOwnedBy(owner))
    .where("purpose", "=", purpose)
    .orderBy("id", "desc")
    .offset(maxPendingTokens - 1)
    .limit(1)
    .executeTakeFirst();
  if (newestSurplus) {
    await db
      .deleteFrom("mailed_tokens")
      .where(isOwnedBy(owner))
      .where("purpose", "=", purpose)
      .where("id", "<=", newestSurplus.id)
      .execute();
  }
  await db
    .insertInto("mailed_tokens")
    .values({
      token: digest(token),
      purpose,
      user_id: "userId" in owner ? owner.userId : null,
      verification_id: "verificationId" in owner ? owner.verificationId : null,
      former_email_id: "formerEmailId" in owner ? owner.formerEmailId : null,
      expires_at: clock() + tokenLifetime(store, purpose),
    })
    .execute();
}

/**
 * Returns true if an email with a token of this purpose was accepted after the request, or within ten seconds before it. If it
 * returns true, the request needs no other email. An acceptance in the same millisecond does not count, because the order is
 * unknown.
 */
export async function wasJustMailed(
  { db, clock }: Store,
  owner: TokenOwner,
  purpose: TokenPurpose,
  requestedAt: number,
) {
  const accepted = await db
    .selectFrom("mailed_tokens")
    .select("id")
    .where(isOwnedBy(owner))
    .where("purpose", "=", purpose)
    .where("accepted_at", ">", requestedAt - repeatWindow)
    .where("accepted_at", "!=", requestedAt)
    .where("accepted_at", "<=", clock())
    .executeTakeFirst();
  return accepted !== undefined;
}

/**
 * Records that the mail server has accepted the email with a token, and invalidates earlier tokens. Later tokens stay valid: the
 * newest link counts, regardless of the order in which emails are accepted.
 *
 * @returns false if the token has already been invalidated
 */
export async function markAccepted(store: Store, token: string): Promise<boolean> {
  const tokenHash = digest(token);
  return runInTransaction(store, async ({ db, clock }) => {
    const mailed = await db
      .selectFrom("mailed_tokens")
      .select(["id", "purpose", "user_id", "verification_id", "former_email_id"])
      .where("token", "=", tokenHash)
      .executeTakeFirst();
    if (!mailed) return false;
    const { id, purpose } = mailed;
    const owner = toOwner(mailed);
    const others =
      "verificationId" in owner
        ? await lockVerifications(store, db, owner.verificationId, purpose as TokenPurpose)
        : null;
    if ("userId" in owner) await buildUserLock({ db }).where("id", "=", owner.userId).execute();
    // Another transaction may have deleted the token before the rows were locked.
    const accepted = await db
      .updateTable("mailed_tokens")
      .set({ accepted_at: clock() })
      .where("id", "=", id)
      .returning("expires_at")
      .executeTakeFirst();
    if (!accepted) return false;
    const reset = { reset_token: tokenHash, reset_token_expires_at: accepted.expires_at };
    if ("userId" in owner) {
      const now = clock();
      await db
        .updateTable("users")
        .set({ ...reset, updated_at: now })
        .where("id", "=", owner.userId)
        .execute();
    } else if ("verificationId" in owner) {
      const none = { reset_token: null, reset_token_expires_at: null };
      if (others) await db.updateTable("verifications").set(none).where("id", "in", others).execute();
      const verify = { token: tokenHash, token_expires_at: accepted.expires_at };
      await db
        .updateTable("verifications")
        .set(purpose === "reset" ? reset : verify)
        .where("id", "=", owner.verificationId)
        .execute();
    }
    await db
      .deleteFrom("mailed_tokens")
      .where((row) => (others ? row("verification_id", "in", others) : isOwnedBy(owner)(row)))
      .where("purpose", "=", purpose)
      .where("id", "<", id)
      .execute();
    return true;
  });
}

/** Deletes a token whose email was not sent. */
export async function revoke({ db }: Pick<Store, "db">, token: string): Promise<void> {
  await db.deleteFrom("mailed_tokens").where("token", "=", digest(token)).where("accepted_at", "is", null).execute();
}

/**
 * Locks the verification of a token. A reset token belongs to the address and not to a single verification, so this locks all
 * verifications of the address and returns their ids. For other tokens, returns null.
 */
async function lockVerifications(
  { engine }: Store,
  db: Store["db"],
  id: number,
  purpose: TokenPurpose,
): Promise<number[] | null> {
  const verifications = await db
    .selectFrom("verifications")
    .select("id")
    .where((row) =>
      purpose === "verify"
        ? row("id", "=", id)
        : row("email", "=", row.selectFrom("verifications").select("email").where("id", "=", id)),
    )
    .orderBy("id")
    .$if(engine.locksRows, (query) => query.forUpdate())
    .execute();
  return purpose === "verify" ? null : verifications.map((row) => row.id);
}

/**
 * Selects the token with this purpose and hash if it is valid and pending. A token is pending until its email is accepted. An
 * accepted token is also stored in the row of its owner, unless the owner is a former address.
 */
export function selectPendingToken(store: Store, purpose: TokenPurpose, tokenHash: string) {
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, purpose));
  return store.db
    .selectFrom("mailed_tokens")
    .where("token", "=", tokenHash)
    .where("purpose", "=", purpose)
    .where("accepted_at", "is", null)
    .where("expires_at", ">", now)
    .where("expires_at", "<=", latest);
}

/**
 * Returns a condition that is true if an account has a valid reset token with this hash. `DB.updateUser` can set any expiry time,
 * so `updated_at` shows whether a wrong clock created the token.
 */
export function isResetToken(tokenHash: string, now: number) {
  return ({ and, eb }: ExpressionBuilder<Schema, "users">) =>
    and([
      eb("users.reset_token", "=", tokenHash),
      eb("users.reset_token_expires_at", ">", now),
      eb("users.updated_at", "<=", now + clockTolerance),
    ]);
}

/** Redeems a pending token; returns false if the token is invalid. The transaction must have locked the row of the owner. */
export async function redeemPendingToken(store: Store, owner: TokenOwner, purpose: TokenPurpose, token: string) {
  const valid = selectPendingToken(store, purpose, digest(token)).select("id").where(isOwnedBy(owner));
  const { numDeletedRows } = await store.db.deleteFrom("mailed_tokens").where("id", "in", valid).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Deletes every mailed token of an account. */
export async function deleteMailedTokens({ db }: Pick<Store, "db">, userId: number): Promise<void> {
  await db.deleteFrom("mailed_tokens").where("user_id", "=", userId).execute();
}

/**
 * Deletes at most `limit` expired mailed tokens; returns the number of deleted tokens. Also deletes tokens that expire too late
 * because a clock was wrong, and removes them from the rows of their owners, where they would become valid later.
 */
export async function sweepMailedTokens(store: Store, limit: number): Promise<number> {
  const { db, engine } = store;
  const [now, lastReset] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const [, lastVerify] = validExpiryRange(store, tokenLifetime(store, "verify"));
  const endedTokens = await db
    .selectFrom("mailed_tokens")
    .select(["id", "token", "expires_at"])
    .where((row) =>
      row.or([
        row("expires_at", "<=", now),
        row.and([row("expires_at", ">", lastReset), row("purpose", "=", "reset")]),
        row.and([row("expires_at", ">", lastVerify), row("purpose", "=", "verify")]),
      ]),
    )
    .limit(limit)
    .execute();
  const wrongTokens = endedTokens.filter((row) => row.expires_at > now).map((row) => row.token);
  if (wrongTokens.length > 0) {
    const noReset = { reset_token: null, reset_token_expires_at: null };
    await db
      .updateTable("users")
      .set(noReset)
      .where(isIn(engine, "reset_token", wrongTokens))
      .execute();
    await db
      .updateTable("verifications")
      .set(noReset)
      .where(isIn(engine, "reset_token", wrongTokens))
      .execute();
    await db
      .updateTable("verifications")
      .set({ token: null, token_expires_at: null })
      .where(isIn(engine, "token", wrongTokens))
      .execute();
  }
  const ids = endedTokens.map((row) => row.id);
  if (ids.length === 0) return 0;
  const unlocked = skipLockedRows(
    store,
    db
      .selectFrom("mailed_tokens")
      .select("id")
      .where(isIn(engine, "id", ids)),
  );
  const { numDeletedRows } = await db.deleteFrom("mailed_tokens").where("id", "in", unlocked).executeTakeFirst();
  return Number(numDeletedRows);
}

type Rows = ExpressionBuilder<Schema, "mailed_tokens">;

function isOwnedBy(owner: TokenOwner): (row: Rows) => Expression<SqlBool> {
  return (row) => {
    if ("userId" in owner) return row("user_id", "=", owner.userId);
    if ("verificationId" in owner) return row("verification_id", "=", owner.verificationId);
    return row("former_email_id", "=", owner.formerEmailId);
  };
}

function toOwner(row: Pick<MailedTokensTable, "user_id" | "verification_id" | "former_email_id">): TokenOwner {
  if (row.user_id !== null) return { userId: row.user_id };
  if (row.verification_id !== null) return { verificationId: row.verification_id };
  return { formerEmailId: row.former_email_id ?? 0 };
}
