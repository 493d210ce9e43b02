import type { Redeemer, Renewal, Verification } from "../../db/db.ts";
import { AuthError, EmailTaken } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser, type User } from "../../user.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import {
  chooseDevice,
  describeDevice,
  getDeviceNames,
  getRedeemer,
  getRedeemerWithNetwork,
} from "../devices/devices.ts";
import { requireValidEmail } from "../email.ts";
import { clearDeviceAttempts, hasFailedLogins, type Reservation, reserve, reserveSilently } from "../limits/limits.ts";
import type { HashSlot } from "../passwords/passwords.ts";
import { takeSlot } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { reserveLogin } from "../sessions/log-in.ts";
import { findUserBySession } from "../sessions/sessions.ts";
import { findUserById } from "../users.ts";

/** The token from the email, and the password of the registration or, for an email change, of the account. */
export interface VerifyEmailParams {
  readonly token: string;
  readonly password: string;
  /** If given, the token must belong to this address. */
  readonly email?: string | undefined;
  /** The caller's session. If it belongs to the account whose email changes, it continues under a new id. */
  readonly sessionId?: string | null | undefined;
}

/** The account, and the session that continues under a new id, if any. */
export interface VerifyEmailResult {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId"> | null;
}

/**
 * Queues another verification email. The result is the same whether or not there is an account or a registration: both
 * are looked up when the email is sent.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `email_invalid`, `too_many_tries`
 */
export async function request(context: Context, email: string, caller: Caller = {}): Promise<string> {
  const { EMAIL_FORMAT } = context.settings;
  caller = sanitizeCaller(caller);
  const address = await context.trail.recordIfRejected("verification_refused", { caller }, () =>
    requireValidEmail(email, EMAIL_FORMAT),
  );
  const attempt = await reserve(context, "verificationMail", { address, caller });
  await attempt.useFor(enqueue(context, address, caller));
  return address;
}

async function enqueue(context: Context, address: string, caller: Caller): Promise<void> {
  if (!(await reserveSilently(context, "verificationMail", { address, caller }))) return;
  const { language = "en", idempotencyKeys } = caller;
  const network = widestNetworkOf(caller.ip);
  await context.db.outbox.add({ kind: "verification", language, email: address, network }, idempotencyKeys);
  context.trail.record("verification_asked", { caller, address });
}

/** The address that a token confirms. */
export interface EmailToVerify {
  readonly email: string;
  /** True for an email change of an account, false for a registration. */
  readonly isEmailChange: boolean;
}

/** Returns the address that a token confirms, or null if the token is invalid. */
export async function find({ db }: Context, token: string): Promise<EmailToVerify | null> {
  const found = token === "" ? null : await db.verifyEmail.findVerification(token);
  return found && { email: found.email, isEmailChange: found.userId !== null };
}

/** Returns true if the token confirms an email change of this user. */
export async function isTokenOfUser({ db }: Context, token: string, userId: number): Promise<boolean> {
  return token !== "" && (await db.verifyEmail.findVerification(token))?.userId === userId;
}

/**
 * Confirms an address by the token and the password. If this throws, the token stays valid.
 *
 * For a registration, this creates the account. For an email change, it ends the sessions of the account, and emails
 * the former address a link to undo the change. If `params.sessionId` is a session of the account, that session
 * continues under a new id, which is returned.
 *
 * @throws {AuthError} `bad_verify_token`, `too_many_tries`, `busy`
 */
export async function confirm(
  context: Context,
  params: VerifyEmailParams,
  caller: Caller = {},
): Promise<VerifyEmailResult> {
  const { token, email } = params;
  caller = sanitizeCaller(caller);
  const { db, settings } = context;
  using slot = takeSlot(context, caller, email);
  const verification = token === "" ? null : await db.verifyEmail.findVerification(token);
  if (!verification || (email !== undefined && !isSameEmail(email, verification.email))) {
    // Only wrong tokens count as attempts, so that others on the network cannot block an owner with a valid token.
    (await reserve(context, "redemption", { caller })).markUsed();
    throw badTokenError(context, caller, verification ?? undefined);
  }
  const isUnderAttack = settings.RATE_LIMIT === "on" && (await hasFailedLogins(context, verification.email));
  const redeemer = (isUnderAttack ? getRedeemerWithNetwork : getRedeemer)(context, caller);
  const owner = verification.userId === null ? null : await findUserById(context, verification.userId);
  const confirmation = { verification, params, redeemer, caller, slot };
  return owner ? await confirmChange(context, owner, confirmation) : await confirmRegistration(context, confirmation);
}

/** A valid token, and the request to redeem it. */
interface Confirmation {
  readonly verification: Verification;
  readonly params: VerifyEmailParams;
  readonly redeemer: Redeemer;
  readonly caller: Caller;
  readonly slot: HashSlot;
}

async function confirmRegistration(context: Context, confirmation: Confirmation): Promise<VerifyEmailResult> {
  const { db, trail } = context;
  const { verification, params, redeemer, caller } = confirmation;
  // Attempts are counted by registration: without the link, an attacker cannot keep its owner from confirming.
  await using attempt = await reserve(context, "proof", { caller, registrationId: verification.id });
  await checkPassword(context, attempt, verification.hashedPassword, confirmation);
  const user = await db.registrations.confirm(verification, params.token, caller.idempotencyKeys, redeemer);
  if (!user) throw badTokenError(context, caller, verification);
  await clearDeviceAttempts(context, user.id, getDeviceNames(redeemer));
  trail.record("email_verified", { caller, userId: user.id });
  return { user: toPublicUser(user), session: null };
}

async function confirmChange(context: Context, owner: User, confirmation: Confirmation): Promise<VerifyEmailResult> {
  const { settings, trail } = context;
  const { verification, params, redeemer, caller } = confirmation;
  const { sessionId = null } = params;
  // A session of another account stays as it is.
  const isOwn = (await findUserBySession(context, sessionId))?.id === owner.id;
  const session = isOwn && sessionId !== null ? { sessionId, ...createRenewal(settings, sessionId) } : undefined;
  let changed = await changeEmail(context, owner, session, confirmation);
  if (!changed) {
    const reread = await findIfRehashed(context, owner);
    changed = reread !== null && (await changeEmail(context, reread, session, confirmation));
  }
  if (!changed) throw badTokenError(context, caller, verification);
  await clearDeviceAttempts(context, owner.id, getDeviceNames(redeemer));
  trail.record("email_changed", { caller, userId: owner.id });
  const { nonce } = changed;
  return {
    user: toPublicUser({ ...owner, email: verification.email }),
    session: session && nonce !== null ? { sessionId: deriveToken(settings, session.sessionId, nonce) } : null,
  };
}

/** Returns false if the account has changed since it was read, or another account has the new address by now. */
async function changeEmail(
  context: Context,
  user: User,
  session: (Renewal & { readonly sessionId: string }) | undefined,
  confirmation: Confirmation,
) {
  const { verification, params, redeemer, caller, slot } = confirmation;
  // Counts as a login attempt: an attacker may have the link, and could use it to guess the account's password.
  await using attempt = await reserveLogin(context, slot, user.email, user, caller);
  await checkPassword(context, attempt, user.hashedPassword, confirmation);
  const change = {
    token: params.token,
    verifiedHash: user.hashedPassword,
    session,
    device: await chooseDevice(context, user, caller),
    deviceKind: describeDevice(caller.userAgent),
    redeemer,
    language: caller.language ?? "en",
    idempotencyKeys: caller.idempotencyKeys,
  };
  return context.db.changeEmail.confirm(verification, change).catch((error: unknown): false => {
    if (error instanceof EmailTaken) return false;
    throw error;
  });
}

/** @throws {AuthError} `bad_verify_token` if the password does not match the hash */
async function checkPassword(
  context: Context,
  attempt: Reservation,
  hashedPassword: string | null,
  confirmation: Confirmation,
) {
  const { verification, params, caller, slot } = confirmation;
  if (!(await context.passwords.verifyPassword(params.password, hashedPassword, slot))) {
    attempt.markUsed();
    throw badTokenError(context, caller, verification);
  }
  await attempt.markSucceeded();
}

/** Returns the account if its hash has been replaced, for example by a login; otherwise null. */
async function findIfRehashed(context: Context, { id, hashedPassword }: User): Promise<User | null> {
  const reread = await findUserById(context, id);
  return reread?.hashedPassword === hashedPassword ? null : reread;
}

function badTokenError({ trail }: Context, caller: Caller, verification?: Verification): AuthError {
  const { userId, email: address } = verification ?? {};
  trail.record("verification_refused", { caller, userId: userId ?? undefined, address });
  return new AuthError("bad_verify_token", "the token is wrong, used or expired, or the password is wrong");
}
