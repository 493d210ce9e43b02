import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { clockTolerance } from "../clock-tolerance.ts";
import { digest } from "./digest.ts";
import type { Schema } from "./schema.ts";
import { atomically, type Store } from "./store.ts";

/** What a mailed token does: chooses a new password, or confirms an address. */
export type Purpose = "reset" | "verify";

/** Whose token it is: an account's, or that of an address that waits to be confirmed. */
export type TokenOwner = { readonly userId: number } | { readonly verificationId: number };

/** A token for a mail: the one before stays good until `acceptToken`. */
export interface Mailing {
  /** When the mail was asked for, in milliseconds since 1970. */
  readonly asked: number;
}

/** An owner's tokens of one purpose that may be on their way at once; of more the oldest end. */
const mostOnTheirWay = 10;
/** A request within so many milliseconds after a mail was accepted is the same one again, such as a double click. */
const sameRequestWithin = 10_000;

/**
 * Between which times a token that lives so long ends while it is good. One that would end later was minted while a clock was
 * wrong: it is dead, for nobody knows how long it has lived.
 */
export function endsWithin({ clock }: Pick<Store, "clock">, lifetime: number): readonly [after: number, until: number] {
  const now = clock();
  return [now, now + lifetime + clockTolerance];
}

/** How long a token of this purpose is good, in milliseconds. */
export function lifetimeOf({ lifetimes }: Pick<Store, "lifetimes">, purpose: Purpose): number {
  return purpose === "reset" ? lifetimes.RESET_TOKEN_LIFETIME : lifetimes.VERIFY_TOKEN_LIFETIME;
}

/**
 * Adds a token that is about to be mailed, in a transaction that holds its owner's row. It is good from now on, beside the one
 * before, until `acceptToken` puts it in that one's place.
 */
export async function addMailedToken(store: Store, owner: TokenOwner, purpose: Purpose, token: string): Promise<void> {
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
      expires_at: clock() + lifetimeOf(store, purpose),
    })
    .execute();
}

/**
 * Whether a mail with a token of this purpose was accepted for the owner since it was `asked` for, or within the ten seconds
 * before: then whoever asked has it. In the same millisecond nobody knows which was first, and it is sent.
 */
export async function wasJustMailed({ db, clock }: Store, owner: TokenOwner, purpose: Purpose, asked: number) {
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
 * Puts a token whose mail was accepted in the place of the former ones. One that has been ended meanwhile stays so, and one
 * that was minted later stays good: the newest link counts, in whatever order mails are accepted.
 */
export async function acceptToken(store: Store, token: string): Promise<void> {
  const hashed = digest(token);
  await atomically(store, async ({ db, clock }) => {
    const mailed = await db
      .selectFrom("mailed_tokens")
      .select(["id", "purpose", "user_id", "verification_id"])
      .where("token", "=", hashed)
      .executeTakeFirst();
    if (!mailed) return;
    const { id, purpose, user_id, verification_id } = mailed;
    const owner = user_id === null ? { verificationId: verification_id ?? 0 } : { userId: user_id };
    const others = "userId" in owner ? null : await lockVerifications(db, owner.verificationId, purpose as Purpose);
    if ("userId" in owner) await lockUser(db, owner.userId);
    // Read anew: until the rows were held, somebody else may have ended it.
    const accepted = await db
      .updateTable("mailed_tokens")
      .set({ accepted_at: clock() })
      .where("id", "=", id)
      .returning("expires_at")
      .executeTakeFirst();
    if (!accepted) return;
    const reset = { reset_token: hashed, reset_token_expires_at: accepted.expires_at };
    if ("userId" in owner) {
      const now = clock();
      await db
        .updateTable("users")
        .set({ ...reset, updated_at: now })
        .where("id", "=", owner.userId)
        .execute();
    } else {
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
  });
}

/** Holds the row of an account until the transaction ends: an update, even of nothing, keeps others waiting. */
export async function lockUser(db: Store["db"], userId: number): Promise<void> {
  await db
    .updateTable("users")
    .set((row) => ({ updated_at: row.ref("updated_at") }))
    .where("id", "=", userId)
    .execute();
}

/**
 * Holds the row of a verification; a reset belongs to its address, and holds all of that. Returns their ids in that case.
 */
async function lockVerifications(db: Store["db"], id: number, purpose: Purpose): Promise<number[] | null> {
  const held = await db
    .updateTable("verifications")
    .set((row) => ({ created_at: row.ref("created_at") }))
    .where((row) =>
      purpose === "verify"
        ? row("id", "=", id)
        : row("email", "=", row.selectFrom("verifications").select("email").where("id", "=", id)),
    )
    .returning("id")
    .execute();
  return purpose === "verify" ? null : held.map((row) => row.id);
}

/** The owners whose token of this purpose is on its way, and good. Of one that was accepted its owner's own row tells. */
export function onItsWay(store: Store, purpose: Purpose, hashed: string) {
  const [now, latest] = endsWithin(store, lifetimeOf(store, purpose));
  return store.db
    .selectFrom("mailed_tokens")
    .where("token", "=", hashed)
    .where("purpose", "=", purpose)
    .where("accepted_at", "is", null)
    .where("expires_at", ">", now)
    .where("expires_at", "<=", latest);
}

/**
 * Whether it is the reset token of an account, and good. How long it lives may have been said with it (`DB.updateUser`), so that it is
 * told by the account's row whether it was minted while a clock was wrong.
 */
export function isResetToken(hashed: string, now: number) {
  return ({ and, eb }: ExpressionBuilder<Schema, "users">) =>
    and([
      eb("users.reset_token", "=", hashed),
      eb("users.reset_token_expires_at", ">", now),
      eb("users.updated_at", "<=", now + clockTolerance),
    ]);
}

/** Takes a token that is on its way, once, in a transaction that holds its owner's row; false when it is not good. */
export async function takeMailedToken(store: Store, owner: TokenOwner, purpose: Purpose, token: string) {
  const good = onItsWay(store, purpose, digest(token)).select("id").where(ownedBy(owner));
  const { numDeletedRows } = await store.db.deleteFrom("mailed_tokens").where("id", "in", good).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every token of an account that is or was on its way. */
export async function forgetMailedTokens({ db }: Pick<Store, "db">, userId: number): Promise<void> {
  await db.deleteFrom("mailed_tokens").where("user_id", "=", userId).execute();
}

/**
 * Deletes at most `limit` of those that have ended; returns how many. Of those that end too late to have been minted by a right
 * clock their owners' rows keep nothing either: else they would be good again once it is that late.
 */
export async function sweepMailedTokens(store: Store, limit: number): Promise<number> {
  const { db } = store;
  const [now, lastReset] = endsWithin(store, lifetimeOf(store, "reset"));
  const [, lastVerify] = endsWithin(store, lifetimeOf(store, "verify"));
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
    await db.updateTable("users").set(noReset).where("reset_token", "in", wrong).execute();
    await db.updateTable("verifications").set(noReset).where("reset_token", "in", wrong).execute();
    await db
      .updateTable("verifications")
      .set({ token: null, token_expires_at: null })
      .where("token", "in", wrong)
      .execute();
  }
  const ids = ended.map((row) => row.id);
  if (ids.length > 0) await db.deleteFrom("mailed_tokens").where("id", "in", ids).execute();
  return ids.length;
}

type Rows = ExpressionBuilder<Schema, "mailed_tokens">;

function ownedBy(owner: TokenOwner): (row: Rows) => Expression<SqlBool> {
  return (row) =>
    "userId" in owner ? row("user_id", "=", owner.userId) : row("verification_id", "=", owner.verificationId);
}
