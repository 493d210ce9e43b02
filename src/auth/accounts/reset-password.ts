import { AuthError } from "../../errors.ts";
import type { User } from "../../user.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { findKnownSecret, getDeviceNames, getDeviceSecrets, getRedeemerWithNetwork } from "../devices/devices.ts";
import { emailError, parseNewEmail } from "../email.ts";
import { clearDeviceAttempts, reserve, reserveSilently } from "../limits/limits.ts";
import { clearMailCount } from "../limits/mail-limits.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { assignSlot, takeSlotForDevice } from "../passwords/take-slot.ts";
import { generateToken } from "../secrets.ts";
import { findUserByEmail } from "../users.ts";

/** A reset token, and the address of its account as it was registered. */
export interface ResetToken {
  readonly email: string;
  readonly resetToken: string;
}

/**
 * Creates a reset token, which replaces the previous one.
 *
 * @throws {AuthError} `unknown_email`
 */
export async function createToken(context: Context, email: string, caller: Caller = {}): Promise<ResetToken> {
  const { db, settings, trail } = context;
  caller = sanitizeCaller(caller);
  const user = await findUserByEmail(context, email);
  if (user?.disabledAt !== null) {
    trail.record("reset_refused", { caller, userId: user?.id });
    throw emailError("unknown_email", "no account has this email", email);
  }
  const resetToken = generateToken(settings);
  await db.resetPassword.storeToken(user.email, resetToken);
  trail.record("reset_token_made", { caller, userId: user.id });
  return { email: user.email, resetToken };
}

/**
 * Queues an email with a reset token. The token replaces the previous one when the mail server accepts the email. The
 * result is the same whether or not there is an account.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `unknown_email` if this is not an email address, `too_many_tries`
 */
export async function request(context: Context, email: string, caller: Caller = {}): Promise<string> {
  caller = sanitizeCaller(caller);
  const address = parseNewEmail(email, context.settings.EMAIL_FORMAT);
  if (address === null) {
    context.trail.record("reset_refused", { caller, detail: "email_invalid" });
    throw emailError("unknown_email", "no account has this email", email);
  }
  // Without a device cookie, the account is only looked up when the email is sent: the response time must not reveal
  // whether there is an account.
  const user = getDeviceSecrets(caller).length === 0 ? null : await findUserByEmail(context, address);
  const device = await findKnownSecret(context, user, caller);
  const action = device === undefined ? "resetMail" : "resetMailFromKnownDevice";
  const attempt = await reserve(context, action, { address, caller, userId: user?.id, device });
  await attempt.useFor(enqueue(context, address, caller, device));
  return address;
}

async function enqueue(context: Context, address: string, caller: Caller, device: string | undefined): Promise<void> {
  if (device === undefined && !(await reserveSilently(context, "resetMail", { address, caller }))) return;
  const { language = "en", idempotencyKeys } = caller;
  const network = device === undefined ? widestNetworkOf(caller.ip) : null;
  await context.db.outbox.add({ kind: "reset", language, email: address, network }, idempotencyKeys);
  context.trail.record("reset_asked", { caller, address });
}

/** Returns the address of the account whose password a token resets, or null if the token is invalid. */
export async function findEmail({ db }: Context, resetToken: string): Promise<string | null> {
  return resetToken === "" ? null : db.resetPassword.findEmail(resetToken);
}

/**
 * Checks the token before hashing, so that a wrong token costs no hash. Redeems it last, so that it stays valid if this
 * throws. Only wrong tokens count as attempts, so that others on the network cannot block an owner with a valid token.
 */
export async function updatePassword(
  context: Context,
  resetToken: string,
  password: string,
  email: string | undefined,
  caller: Caller,
): Promise<User> {
  const { db, passwords, settings, trail } = context;
  using slot = takeSlotForDevice(context, caller, email);
  const address = await findEmail(context, resetToken);
  if (address === null || (email !== undefined && !isSameEmail(email, address))) {
    (await reserve(context, "redemption", { caller })).markUsed();
    throw badTokenError(context, caller, address ?? undefined);
  }
  const owner = getDeviceSecrets(caller).length === 0 ? null : await findUserByEmail(context, address);
  await assignSlot(context, slot, owner, caller);
  const hashedPassword = await trail.recordIfRejected("reset_refused", { caller, address }, async () => {
    await checkPassword(context, password, address);
    return passwords.hashPassword(password, slot);
  });
  const redeemer = getRedeemerWithNetwork(context, caller);
  const user = await db.resetPassword.redeem({
    resetToken,
    email: address,
    hashedPassword,
    isMailed: settings.RESET_DELIVERY === "email",
    language: caller.language ?? "en",
    idempotencyKeys: caller.idempotencyKeys,
    redeemer,
  });
  if (!user) throw badTokenError(context, caller, address);
  // Attempts from unknown devices stay counted: an attacker must not notice that the owner has reset the password.
  await clearDeviceAttempts(context, user.id, getDeviceNames(redeemer));
  if (settings.RESET_DELIVERY === "email") await clearMailCount(context, user.email);
  trail.record("password_reset", { caller, userId: user.id });
  return user;
}

function badTokenError({ trail }: Context, caller: Caller, address?: string): AuthError {
  trail.record("reset_refused", { caller, address });
  return new AuthError("bad_reset_token", "the reset token is wrong, used or expired");
}
