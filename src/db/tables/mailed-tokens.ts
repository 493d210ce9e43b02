import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import { digest } from "../digest.ts";
import { isIn } from "../lists.ts";
import { holdUser, skipLockedRows } from "../locks.ts";
import type { MailedTokensTable, Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";

/** What a mailed token is for: a new password, confirming an address, or undoing a move. */
export type TokenPurpose = "reset" | "verify" | "undo";

/** The owner of a token: an account, an address that waits to be confirmed, or an address that an account has left. */
export type TokenOwner =
  | { readonly userId: number }
  | { readonly verificationId: number }
  | { readonly formerEmailId: number };

/** Marks a token as one for a mail: the previous one works until `accept`. */
export interface MailRequest {
  /** When the mail was asked for, in milliseconds since 1970. */
  readonly requestedAt: number;
}

/** How many tokens of one purpose an owner may have in unaccepted mails; the oldest end. */
const mostOnTheirWay = 10;
/** A request within this many milliseconds after a mail was accepted repeats the one for it, such as a double click. */
const sameRequestWithin = 10_000;

/**
 * The range of end times of valid tokens with this lifetime. One that ends later was created while a clock was wrong: it is
 * invalid, because nobody knows how long it has existed.
 */
export function validExpiryRange(
  { clock }: Pick<Store, "clock">,
  lifetime: number,
): readonly [after: number, until: number] {
  const now = clock();
  return [now, now + lifetime + clockTolerance];
}

/** How long a token of this purpose is valid, in milliseconds. */
export function tokenLifetime({ lifetimes }: Pick<Store, "lifetimes">, purpose: TokenPurpose): number {
  if (purpose === "undo") return undoLifetime;
  return purpose === "reset" ? lifetimes.RESET_TOKEN_LIFETIME : lifetimes.VERIFY_TOKEN_LIFETIME;
}

/**
 * Adds a token that is about to be mailed, in a transaction that holds its owner's row. It is valid at once, and so is the
 * previous one until `accept` replaces it.
 */
export async function addMailedToken(
  store: Store,
  owner: TokenOwner,
  purpose: TokenPurpose,
  token: string,
): Promise<void> {
  const { db, clock } = store;
  const former = await db
    .selectFrom("mailed_tokens")
    .select("id")
    .where(ownedBy(owner))
    .where("purpose", "=", purpose)
    .orderBy("id", "desc")
    .offset(mostOnTheirWay - 1)
    .limit(1)
    .executeTakeFirst();
  if (former) {
    await db
      .deleteFrom("mailed_tokens")
      .where(ownedBy(owner))
      .where("purpose", "=", purpose)
      .where("id", "<=", former.id)
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
 * Whether a mail with a token of this purpose was accepted for the owner since it was `asked` for, or within the ten seconds
 * before: the person who asked has it then. Within the same millisecond the order is unknown, and the mail is sent.
 */
export async function wasJustMailed({ db, clock }: Store, owner: TokenOwner, purpose: TokenPurpose, asked: number) {
  const accepted = await db
    .selectFrom("mailed_tokens")
    .select("id")
    .where(ownedBy(owner))
    .where("purpose", "=", purpose)
    .where("accepted_at", ">", asked - sameRequestWithin)
    .where("accepted_at", "!=", asked)
    .where("accepted_at", "<=", clock())
    .executeTakeFirst();
  return accepted !== undefined;
}

/**
 * Makes a token whose mail was accepted replace the earlier ones. A token that was ended meanwhile stays ended, and one that
 * was created later stays valid: the newest link counts, in whatever order mails are accepted.
 *
 * @returns false for a token that was ended
 */
export async function markAccepted(store: Store, token: string): Promise<boolean> {
  const hashed = digest(token);
  return runInTransaction(store, async ({ db, clock }) => {
    const mailed = await db
      .selectFrom("mailed_tokens")
      .select(["id", "purpose", "user_id", "verification_id", "former_email_id"])
      .where("token", "=", hashed)
      .executeTakeFirst();
    if (!mailed) return false;
    const { id, purpose } = mailed;
    const owner = ownerOf(mailed);
    const others =
      "verificationId" in owner
        ? await lockVerifications(store, db, owner.verificationId, purpose as TokenPurpose)
        : null;
    if ("userId" in owner) await holdUser({ db }).where("id", "=", owner.userId).execute();
    // Read again: before the rows were locked, another transaction may have ended it.
    const accepted = await db
      .updateTable("mailed_tokens")
      .set({ accepted_at: clock() })
      .where("id", "=", id)
      .returning("expires_at")
      .executeTakeFirst();
    if (!accepted) return false;
    const reset = { reset_token: hashed, reset_token_expires_at: accepted.expires_at };
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
      const verify = { token: hashed, token_expires_at: accepted.expires_at };
      await db
        .updateTable("verifications")
        .set(purpose === "reset" ? reset : verify)
        .where("id", "=", owner.verificationId)
        .execute();
    }
    await db
      .deleteFrom("mailed_tokens")
      .where((row) => (others ? row("verification_id", "in", others) : ownedBy(owner)(row)))
      .where("purpose", "=", purpose)
      .where("id", "<", id)
      .execute();
    return true;
  });
}

/** Ends a token whose mail was not sent. */
export async function revoke({ db }: Pick<Store, "db">, token: string): Promise<void> {
  await db.deleteFrom("mailed_tokens").where("token", "=", digest(token)).where("accepted_at", "is", null).execute();
}

/**
 * Locks the row of a verification. A reset belongs to an address, so it locks all verifications of the address and returns
 * their ids; otherwise null.
 */
async function lockVerifications(
  { engine }: Store,
  db: Store["db"],
  id: number,
  purpose: TokenPurpose,
): Promise<number[] | null> {
  const held = await db
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
  return purpose === "verify" ? null : held.map((row) => row.id);
}

/**
 * Selects the valid token of this purpose with this hash whose mail was not accepted yet. Once accepted, it is in its owner's
 * row.
 */
export function selectPendingToken(store: Store, purpose: TokenPurpose, hashed: string) {
  const [now, latest] = validExpiryRange(store, tokenLifetime(store, purpose));
  return store.db
    .selectFrom("mailed_tokens")
    .where("token", "=", hashed)
    .where("purpose", "=", purpose)
    .where("accepted_at", "is", null)
    .where("expires_at", ">", now)
    .where("expires_at", "<=", latest);
}

/**
 * Whether a hash is that of an account's valid reset token. Its lifetime can be set by a caller (`DB.updateUser`), so
 * `updated_at` of the account shows whether a wrong clock created it.
 */
export function isResetToken(hashed: string, now: number) {
  return ({ and, eb }: ExpressionBuilder<Schema, "users">) =>
    and([
      eb("users.reset_token", "=", hashed),
      eb("users.reset_token_expires_at", ">", now),
      eb("users.updated_at", "<=", now + clockTolerance),
    ]);
}

/**
 * Redeems a token whose mail was not accepted yet, once, in a transaction that holds its owner's row; returns false if it is
 * not valid.
 */
export async function redeemPendingToken(store: Store, owner: TokenOwner, purpose: TokenPurpose, token: string) {
  const good = selectPendingToken(store, purpose, digest(token)).select("id").where(ownedBy(owner));
  const { numDeletedRows } = await store.db.deleteFrom("mailed_tokens").where("id", "in", good).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every mailed token of an account. */
export async function deleteMailedTokens({ db }: Pick<Store, "db">, userId: number): Promise<void> {
  await db.deleteFrom("mailed_tokens").where("user_id", "=", userId).execute();
}

/**
 * Deletes at most `limit` mailed tokens that have ended; returns how many. Tokens that end too late for a correct clock are
 * also removed from their owners' rows, where they would become valid again later.
 */
export async function sweepMailedTokens(store: Store, limit: number): Promise<number> {
  const { db, engine } = store;
  const [now, lastReset] = validExpiryRange(store, tokenLifetime(store, "reset"));
  const [, lastVerify] = validExpiryRange(store, tokenLifetime(store, "verify"));
  const ended = await db
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
  const wrong = ended.filter((row) => row.expires_at > now).map((row) => row.token);
  if (wrong.length > 0) {
    const noReset = { reset_token: null, reset_token_expires_at: null };
    await db
      .updateTable("users")
      .set(noReset)
      .where(isIn(engine, "reset_token", wrong))
      .execute();
    await db
      .updateTable("verifications")
      .set(noReset)
      .where(isIn(engine, "reset_token", wrong))
      .execute();
    await db
      .updateTable("verifications")
      .set({ token: null, token_expires_at: null })
      .where(isIn(engine, "token", wrong))
      .execute();
  }
  const ids = ended.map((row) => row.id);
  if (ids.length === 0) return 0;
  const deletable = skipLockedRows(
    store,
    db
      .selectFrom("mailed_tokens")
      .select("id")
      .where(isIn(engine, "id", ids)),
  );
  const { numDeletedRows } = await db.deleteFrom("mailed_tokens").where("id", "in", deletable).executeTakeFirst();
  return Number(numDeletedRows);
}

type Rows = ExpressionBuilder<Schema, "mailed_tokens">;

function ownedBy(owner: TokenOwner): (row: Rows) => Expression<SqlBool> {
  return (row) => {
    if ("userId" in owner) return row("user_id", "=", owner.userId);
    if ("verificationId" in owner) return row("verification_id", "=", owner.verificationId);
    return row("former_email_id", "=", owner.formerEmailId);
  };
}

function ownerOf(row: Pick<MailedTokensTable, "user_id" | "verification_id" | "former_email_id">): TokenOwner {
  if (row.user_id !== null) return { userId: row.user_id };
  if (row.verification_id !== null) return { verificationId: row.verification_id };
  return { formerEmailId: row.former_email_id ?? 0 };
}
