import { digest } from "./digest.ts";
import { endSessions } from "./sessions.ts";
import { atomically, type Store } from "./store.ts";

/** A reset token on its way to a new password. */
export interface Redemption {
  readonly resetToken: string;
  /** The address of the account that the token was checked for. */
  readonly email: string;
  readonly hashedPassword: string;
}

/**
 * Changes the password, takes the token and ends every session, all or nothing. The token is taken by the one conditional
 * update, so that of many redemptions at once exactly one finds it.
 */
export async function redeemResetToken(
  store: Store,
  { resetToken, email, hashedPassword }: Redemption,
): Promise<boolean> {
  const now = store.clock();
  return atomically(store, async (transaction) => {
    const redeemed = await transaction.db
      .updateTable("users")
      .set({ hashed_password: hashedPassword, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("reset_token", "=", digest(resetToken))
      .where("reset_token_expires_at", ">", now)
      .where("email", "=", email)
      .where("disabled_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (!redeemed) return false;
    await endSessions(transaction, redeemed.id);
    return true;
  });
}
