import { randomBytes } from "node:crypto";
import type { LoginIdempotency } from "../../db/db.ts";
import { AuthError } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser, type User } from "../../user.ts";
import { readEmail } from "../../values/email.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDevice, createLoginNotice } from "../devices/devices.ts";
import { emailError } from "../email.ts";
import { createIdempotencyKey } from "../idempotency.ts";
import { type Reservation, reserve } from "../limits/limits.ts";
import type { HashSlot, PasswordForm } from "../passwords/passwords.ts";
import { assignSlot, takeSlotForDevice } from "../passwords/take-slot.ts";
import { deriveToken, generateToken } from "../secrets.ts";

/** The credentials of a login. */
export interface LoginParams {
  readonly email: string;
  readonly password: string;
  /** Session ids that the request presents. The new session replaces them. */
  readonly replaces?: string | readonly string[] | undefined;
}

/** The account, its new session, and the secret for the device cookie. */
export interface LoginResult {
  readonly user: PublicUser;
  readonly session: Session;
  /** The secret by which the account recognizes the device at the next login. Undefined if `RATE_LIMIT` is off. */
  readonly deviceSecret?: string | undefined;
}

/** @throws {AuthError} `wrong_login`, `email_not_verified`, `too_many_tries` or `busy` */
export async function logIn(context: Context, login: LoginParams, caller: Caller): Promise<LoginResult> {
  const address = parseAddress(context, login, caller);
  using slot = takeSlotForDevice(context, caller, address);
  const queued = { ...login, address, caller, slot };
  const opened = await openSession(context, await verifyLogin(context, queued), queued);
  if (opened) return opened;
  // Another login may have replaced an outdated hash in between: verify the password against the new hash, once.
  const openedAgain = await openSession(context, await verifyLogin(context, queued), queued);
  if (openedAgain) return openedAgain;
  throw wrongLoginError(context, caller, await context.db.users.findByEmail(address), "changed meanwhile");
}

/** Returns true if the password matches that of the account with this address. */
export async function validLogin(context: Context, login: LoginParams, caller: Caller): Promise<boolean> {
  try {
    const address = parseAddress(context, login, caller);
    using slot = takeSlotForDevice(context, caller, address);
    await verifyLogin(context, { ...login, address, caller, slot });
    return true;
  } catch (error) {
    const isWrong = error instanceof AuthError && ["wrong_login", "email_not_verified"].includes(error.code);
    if (isWrong) return false;
    throw error;
  }
}

/** @throws {AuthError} `wrong_login` if no account can have this email or password */
function parseAddress(context: Context, { email, password }: LoginParams, caller: Caller): string {
  const address = readEmail(email);
  if (address === null || password === "") throw wrongLoginError(context, caller, null, "no email or password", email);
  return address;
}

/**
 * Reserves a login attempt, in the limits of known devices or in those of all others. Nothing is written unless the caller
 * has a slot in the hash queue.
 *
 * @throws {AuthError} `too_many_tries`, `busy`
 */
export async function reserveLogin(
  context: Context,
  slot: HashSlot,
  address: string,
  user: User | null,
  caller: Caller,
): Promise<Reservation> {
  const device = await assignSlot(context, slot, user, caller);
  const action = device === undefined ? "login" : "loginFromKnownDevice";
  return reserve(context, action, { address, caller, userId: user?.id, device });
}

/** A login with its slot in the hash queue. */
interface QueuedLogin extends LoginParams {
  readonly address: string;
  readonly caller: Caller;
  readonly slot: HashSlot;
}

/** A user whose password was right, and the form of the password that matched the hash. */
interface VerifiedLogin {
  readonly user: User;
  readonly form: PasswordForm;
}

/**
 * Checks the password. An unknown address or a disabled account costs the same hash as a wrong password (OWASP
 * Authentication Cheat Sheet, "Authentication Responses").
 *
 * Pending registrations are ignored: an attacker could register the address, and see from logins with that password
 * whether its owner has confirmed.
 *
 * @throws {AuthError} `wrong_login`, `email_not_verified`, `too_many_tries` or `busy`
 */
async function verifyLogin(context: Context, queued: QueuedLogin): Promise<VerifiedLogin> {
  const { db, passwords, settings, trail } = context;
  const { address, password, caller, slot } = queued;
  const user = await db.users.findByEmail(address);
  await using attempt = await reserveLogin(context, slot, address, user, caller);
  const form = await passwords.findMatchingForm(password, user?.hashedPassword ?? null, slot);
  if (!user || !form || user.disabledAt !== null) {
    attempt.markUsed();
    throw wrongLoginError(context, caller, user, user && form ? "disabled" : "wrong password");
  }
  if (user.emailVerifiedAt === null && settings.REQUIRE_VERIFIED_EMAIL === "on") {
    trail.record("login_refused", { caller, userId: user.id, detail: "not verified" });
    throw new AuthError("email_not_verified", "email not verified");
  }
  await attempt.markSucceeded();
  return { user, form };
}

/** Opens a session. Returns null if the account has changed since the password was verified. */
async function openSession(
  context: Context,
  verified: VerifiedLogin,
  queued: QueuedLogin,
): Promise<LoginResult | null> {
  const { db, settings, trail } = context;
  const { user } = verified;
  const { caller, replaces } = queued;
  const idempotency = createLoginIdempotency(context, caller);
  const sessionId = idempotency ? idempotency.deriveSessionId(idempotency.nonce) : generateToken(settings);
  const device = await getOrCreateDevice(context, user, caller, idempotency, sessionId);
  const session = await db.sessions.open({
    userId: user.id,
    sessionId,
    idempotency,
    verifiedHash: user.hashedPassword,
    strongerHash: await rehash(context, verified, queued),
    replaces: [replaces ?? []].flat().filter((sessionId) => typeof sessionId === "string"),
    limit: settings.SESSION_LIMIT,
    device,
    notice: createLoginNotice(user, caller),
    ip: caller.ip,
    userAgent: caller.userAgent,
  });
  if (!session) return null;
  if (session.sessionId !== sessionId) {
    // The same form was submitted twice: both responses must set the same cookies.
    const same = await getOrCreateDevice(context, user, caller, idempotency, session.sessionId);
    return { user: toPublicUser(user), session, deviceSecret: same };
  }
  trail.record("logged_in", { caller, userId: user.id });
  return { user: toPublicUser(user), session, deviceSecret: device };
}

/** Lets a form that is submitted twice open only one session. Undefined for a caller without idempotency keys. */
function createLoginIdempotency(
  { settings }: Context,
  { idempotencyKeys: [requestKey] = [] }: Caller,
): LoginIdempotency | undefined {
  if (requestKey === undefined) return undefined;
  const key = createIdempotencyKey(requestKey, "log in");
  const nonce = randomBytes(32).toString("base64url");
  return { key, nonce, deriveSessionId: (nonce) => deriveToken(settings, key, nonce) };
}

/**
 * Returns the device secret that the account will know: the presented one, or a new one. Known devices have separate
 * limits, so that attackers cannot lock the owner out. Undefined if `RATE_LIMIT` is off.
 */
async function getOrCreateDevice(
  context: Context,
  user: User,
  caller: Caller,
  idempotency: LoginIdempotency | undefined,
  sessionId: string,
): Promise<string | undefined> {
  if (context.settings.RATE_LIMIT === "off") return undefined;
  const presented = await chooseDevice(context, user, caller);
  if (presented !== undefined) return presented;
  if (!idempotency) return randomBytes(32).toString("base64url");
  return deriveToken({ TOKEN_FORMAT: "random" }, idempotency.key, `device ${sessionId}`);
}

/** Hashes the password again if the stored hash is outdated. Skipped while the hash queue is full. */
async function rehash(
  { passwords }: Context,
  { user, form }: VerifiedLogin,
  { password, slot }: QueuedLogin,
): Promise<string | undefined> {
  if (form === "normalized" && !passwords.isOutdated(user.hashedPassword, password)) return undefined;
  if (passwords.queue.isFull) return undefined;
  try {
    return await passwords.hashPassword(password, slot);
  } catch (error) {
    if (error instanceof AuthError && error.code === "busy") return undefined;
    throw error;
  }
}

function wrongLoginError({ trail }: Context, caller: Caller, user: User | null, detail: string, email = ""): AuthError {
  trail.record("login_refused", { caller, userId: user?.id, detail });
  return emailError("wrong_login", "wrong email or password", email);
}
