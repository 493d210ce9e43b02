import type { Redeemer, Renewal, Verification } from "../../db/db.ts";
import { AuthError, EmailTaken } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser, type User } from "../../user.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDevice, describeDevice, getDevices, getRedeemer, getRedeemerWithNetwork } from "../devices/devices.ts";
import { requireValidEmail } from "../email.ts";
import { clearDeviceAttempts, hasFailedLogins, type Reservation, reserve, reserveSilently } from "../limits/limits.ts";
import type { HashSlot } from "../passwords/passwords.ts";
import { takeSlot } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { reserveLogin } from "../sessions/log-in.ts";
import { findUserBySession } from "../sessions/sessions.ts";
import { findUserById } from "../users.ts";

/** What confirms an address: the mailed token, and the password of the registration or of the account that moves. */
export interface VerifyEmailParams {
  readonly token: string;
  readonly password: string;
  /** When given, the token must be this address's. */
  readonly email?: string | undefined;
  /** The caller's session: if it belongs to the account that moves, it alone continues, under a new id. */
  readonly sessionId?: string | null | undefined;
}

/** A confirmed address: its account, and the session that continues under a new id, if any. */
export interface VerifyEmailResult {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId"> | null;
}

/**
 * Sends the mail that confirms an address again. The answer is the same with and without an account: whether there is
 * something to confirm is looked up when the mail is due.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `email_invalid`, `too_many_tries`
 */
export async function request(context: Context, email: string, by: Caller = {}): Promise<string> {
  const { EMAIL_FORMAT } = context.settings;
  const caller = sanitizeCaller(by);
  const address = await context.trail.recordIfRejected("verification_refused", { caller }, () =>
    requireValidEmail(email, EMAIL_FORMAT),
  );
  const tries = await reserve(context, "verificationMail", { address, caller });
  await tries.useFor(enqueue(context, address, caller));
  return address;
}

async function enqueue(context: Context, address: string, caller: Caller): Promise<void> {
  if (!(await reserveSilently(context, "verificationMail", { address, caller }))) return;
  const { language = "en", idempotencyKeys: acts } = caller;
  const network = widestNetworkOf(caller.ip);
  await context.db.outbox.add({ kind: "verification", language, email: address, network }, acts);
  context.trail.record("verification_asked", { caller, address });
}

/** What a mailed token confirms. */
export interface EmailToVerify {
  readonly email: string;
  /** An account moves there: the password that confirms it is that account's. */
  readonly isEmailChange: boolean;
}

/**
 * The address that a mailed token confirms, and whether an account moves there or somebody registered with it; null when
 * the token is not, or no longer, good.
 */
export async function find({ db }: Context, token: string): Promise<EmailToVerify | null> {
  const found = token === "" ? null : await db.verifyEmail.find(token);
  return found && { email: found.email, isEmailChange: found.userId !== null };
}

/** Whether a mailed token moves this account; false when the token is not, or no longer, good. */
export async function isTokenOfUser({ db }: Context, token: string, userId: number): Promise<boolean> {
  return token !== "" && (await db.verifyEmail.find(token))?.userId === userId;
}

/**
 * Confirms an address by the mailed token and the password of that registration, or of the account that moves there. A
 * refusal leaves the token alive. A move ends the sessions from before it, and mails the old address how to undo it; if
 * `proof.sessionId` is one of the account's sessions, that session goes on under a new id, which is returned.
 *
 * @throws {AuthError} `bad_verify_token`, `too_many_tries`, `busy`
 */
export async function confirm(context: Context, proof: VerifyEmailParams, by: Caller = {}): Promise<VerifyEmailResult> {
  const { token, email } = proof;
  const caller = sanitizeCaller(by);
  const { db, settings } = context;
  using place = takeSlot(context, caller, email);
  const verification = token === "" ? null : await db.verifyEmail.find(token);
  if (!verification || (email !== undefined && !isSameEmail(email, verification.email))) {
    // Only wrong tokens are limited by network: those of strangers must not keep out an owner who has a good one.
    (await reserve(context, "redemption", { caller })).markUsed();
    throw refused(context, caller, verification ?? undefined);
  }
  const isUnderAttack = settings.RATE_LIMIT === "on" && (await hasFailedLogins(context, verification.email));
  const redeemer = (isUnderAttack ? getRedeemerWithNetwork : getRedeemer)(context, caller);
  const mover = verification.userId === null ? null : await findUserById(context, verification.userId);
  const confirming = { verification, proof, redeemer, caller, place };
  return mover ? await confirmMove(context, mover, confirming) : await confirmRegistration(context, confirming);
}

/** A token that was found, and what is shown with it. */
interface Confirming {
  readonly verification: Verification;
  readonly proof: VerifyEmailParams;
  readonly redeemer: Redeemer;
  readonly caller: Caller;
  readonly place: HashSlot;
}

async function confirmRegistration(context: Context, confirming: Confirming): Promise<VerifyEmailResult> {
  const { db, trail } = context;
  const { verification, proof, redeemer, caller } = confirming;
  // A registration has attempts of its own: without the link, nobody can keep its owner from confirming.
  await using tries = await reserve(context, "proof", { caller, registrationId: verification.id });
  await prove(context, tries, verification.hashedPassword, confirming);
  const user = await db.registrations.confirm(verification, proof.token, caller.idempotencyKeys, redeemer);
  if (!user) throw refused(context, caller, verification);
  await clearDeviceAttempts(context, user.id, getDevices(redeemer));
  trail.record("email_verified", { caller, userId: user.id });
  return { user: toPublicUser(user), session: null };
}

async function confirmMove(context: Context, mover: User, confirming: Confirming): Promise<VerifyEmailResult> {
  const { settings, trail } = context;
  const { verification, proof, redeemer, caller } = confirming;
  const { sessionId = null } = proof;
  // A session of another account stays as it is.
  const isOwn = (await findUserBySession(context, sessionId))?.id === mover.id;
  const session = isOwn && sessionId !== null ? { sessionId, ...createRenewal(settings, sessionId) } : undefined;
  let moved = await move(context, mover, session, confirming);
  if (!moved) {
    const now = await rehashed(context, mover);
    moved = now !== null && (await move(context, now, session, confirming));
  }
  if (!moved) throw refused(context, caller, verification);
  await clearDeviceAttempts(context, mover.id, getDevices(redeemer));
  trail.record("email_changed", { caller, userId: mover.id });
  const { nonce } = moved;
  return {
    user: toPublicUser({ ...mover, email: verification.email }),
    session: session && nonce !== null ? { sessionId: deriveToken(settings, session.sessionId, nonce) } : null,
  };
}

/** Returns false if the account has changed since it was verified. */
async function move(
  context: Context,
  as: User,
  session: (Renewal & { readonly sessionId: string }) | undefined,
  confirming: Confirming,
) {
  const { verification, proof, redeemer, caller, place } = confirming;
  // The link may be in a stranger's hands, and the password is in use.
  await using tries = await reserveLogin(context, place, as.email, as, caller);
  await prove(context, tries, as.hashedPassword, confirming);
  const shown = {
    token: proof.token,
    verifiedHash: as.hashedPassword,
    session,
    device: await chooseDevice(context, as, caller),
    deviceKind: describeDevice(caller.userAgent),
    redeemer,
    language: caller.language ?? "en",
    acts: caller.idempotencyKeys,
  };
  return context.db.changeEmail.confirm(verification, shown).catch((error: unknown): false => {
    if (error instanceof EmailTaken) return false;
    throw error;
  });
}

/** @throws {AuthError} `bad_verify_token` if this is not the password of the hash */
async function prove(context: Context, tries: Reservation, hashed: string | null, confirming: Confirming) {
  const { verification, proof, caller, place } = confirming;
  if (!(await context.passwords.verifyPassword(proof.password, hashed, place))) {
    tries.markUsed();
    throw refused(context, caller, verification);
  }
  await tries.markSucceeded();
}

/** The account if its hash was replaced meanwhile, such as by a login; null if it is the same. */
async function rehashed(context: Context, { id, hashedPassword }: User): Promise<User | null> {
  const now = await findUserById(context, id);
  return now?.hashedPassword === hashedPassword ? null : now;
}

function refused({ trail }: Context, caller: Caller, of?: Verification): AuthError {
  trail.record("verification_refused", { caller, userId: of?.userId ?? undefined, address: of?.email });
  return new AuthError("bad_verify_token", "the token is wrong, used or expired, or the password is wrong");
}
