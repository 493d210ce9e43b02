import { emailKey } from "../email.ts";
import type { User } from "../user.ts";
import { userColumns } from "./attributes.ts";
import { forgetDevices } from "./devices.ts";
import { digest } from "./digest.ts";
import { enqueue } from "./outbox.ts";
import { endSessions } from "./sessions.ts";
import { spelledEmail } from "./spellings.ts";
import { atomically, type Store } from "./store.ts";
import { claimAddress, forgetMove, forgetRegistrations } from "./verifications.ts";

/** A reset token on its way to a new password. */
export interface Redemption {
  readonly resetToken: string;
  /** The address of the account that the token was checked for. */
  readonly email: string;
  readonly hashedPassword: string;
  /** Whether the token came by mail, and so proves the address. */
  readonly byMail?: boolean;
  /** The language in which the owner is told. */
  readonly language?: string;
}

/**
 * Gives the account of an address, or its newest registration, a reset token.
 *
 * @returns the address as that account or registration spells it; null when there is neither
 */
export async function giveResetToken(store: Store, email: string, resetToken: string): Promise<string | null> {
  const key = emailKey(email);
  const token = {
    reset_token: digest(resetToken),
    reset_token_expires_at: store.clock() + store.lifetimes.RESET_TOKEN_LIFETIME,
  };
  return atomically(store, async ({ db, clock }) => {
    const user = await db.selectFrom("users").select("disabled_at").where("email", "=", key).executeTakeFirst();
    if (user) {
      const given = await db
        .updateTable("users")
        .set({ ...token, updated_at: clock() })
        .where("email", "=", key)
        .where("disabled_at", "is", null)
        .returning(spelledEmail("users"))
        .executeTakeFirst();
      return given?.email ?? null;
    }
    // The one before may be another registration's.
    await db
      .updateTable("verifications")
      .set({ reset_token: null, reset_token_expires_at: null })
      .where("email", "=", key)
      .where("reset_token", "is not", null)
      .execute();
    const newest = db
      .selectFrom("verifications")
      .select((row) => row.fn.max("id").as("id"))
      .where("email", "=", key)
      .where("user_id", "is", null);
    const given = await db
      .updateTable("verifications")
      .set(token)
      .where("id", "=", newest)
      .returning(spelledEmail("verifications"))
      .executeTakeFirst();
    return given?.email ?? null;
  });
}

/** The address that a reset token, while it is good, was made for, as it is spelled there; or null. */
export async function resetAddress({ db, clock }: Store, resetToken: string): Promise<string | null> {
  const now = clock();
  const hashed = digest(resetToken);
  for (const table of ["users", "verifications"] as const) {
    const found = await db
      .selectFrom(table)
      .select(spelledEmail(table))
      .where("reset_token", "=", hashed)
      .where("reset_token_expires_at", ">", now)
      .executeTakeFirst();
    if (found) return found.email;
  }
  return null;
}

/**
 * Changes the password, takes the token, ends every session, and tells the owner, all or nothing. The token is taken by
 * one conditional statement, so that of many redemptions at once exactly one finds it. The token of a registration makes
 * it an account.
 *
 * @returns null when the token is not, or no longer, good
 */
export async function redeemResetToken(store: Store, redemption: Redemption): Promise<User | null> {
  return atomically(store, async (transaction) => {
    const user = (await ofUser(transaction, redemption)) ?? (await ofRegistration(transaction, redemption));
    if (!user) return null;
    await endSessions(transaction, user.id);
    await forgetDevices(transaction, user.id);
    await forgetMove(transaction, user.id);
    await forgetRegistrations(transaction, user.id);
    await enqueue(transaction, { kind: "password_changed", language: redemption.language ?? "en", email: user.email });
    return user;
  });
}

async function ofUser(
  { db, clock }: Store,
  { resetToken, email, hashedPassword, byMail }: Redemption,
): Promise<User | null> {
  const now = clock();
  const row = await db
    .updateTable("users")
    .set({ hashed_password: hashedPassword, reset_token: null, reset_token_expires_at: null, updated_at: now })
    .$if(byMail === true, (query) =>
      query.set((row) => ({ email_verified_at: row.fn.coalesce("email_verified_at", row.val(now)) })),
    )
    .where("reset_token", "=", digest(resetToken))
    .where("reset_token_expires_at", ">", now)
    .where("users.email", "=", emailKey(email))
    .where("disabled_at", "is", null)
    .returning(userColumns)
    .executeTakeFirst();
  if (!row) return null;
  if (byMail) await db.deleteFrom("verifications").where("email", "=", emailKey(email)).execute();
  return { ...row, sessionId: null, resetToken: null };
}

async function ofRegistration(store: Store, { resetToken, email, hashedPassword }: Redemption): Promise<User | null> {
  const registration = await store.db
    .deleteFrom("verifications")
    .where("reset_token", "=", digest(resetToken))
    .where("reset_token_expires_at", ">", store.clock())
    .where("verifications.email", "=", emailKey(email))
    .returning(spelledEmail("verifications"))
    .executeTakeFirst();
  return registration ? claimAddress(store, registration.email, hashedPassword) : null;
}
