import { randomBytes } from "node:crypto";
import type { LoginAct } from "../../db/db.ts";
import { AuthError } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser, type User } from "../../user.ts";
import { readEmail } from "../../values/email.ts";
import { createIdempotencyKey } from "../acts.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDevice, createLoginNotice } from "../devices/devices.ts";
import { emailError } from "../email.ts";
import { type Reservation, reserve } from "../limits/limits.ts";
import type { HashedForm, HashSlot } from "../passwords/passwords.ts";
import { assignSlot, takeSlotForDevice } from "../passwords/take-slot.ts";
import { deriveToken, generateToken } from "../secrets.ts";

/** What is shown to log in. */
export interface LoginParams {
  readonly email: string;
  readonly password: string;
  /** The sessions that the caller already has: the new one replaces them. */
  readonly replaces?: string | readonly string[] | undefined;
}

/** What a login opens. */
export interface LoginResult {
  readonly user: PublicUser;
  readonly session: Session;
  /** The secret by which the account knows this device again; only where tries are limited. */
  readonly device?: string | undefined;
}

/** @throws {AuthError} `wrong_login`, `email_not_verified`, `too_many_tries` or `busy` */
export async function logIn(context: Context, login: LoginParams, caller: Caller): Promise<LoginResult> {
  const address = parseAddress(context, login, caller);
  using place = takeSlotForDevice(context, caller, address);
  const attempt = { ...login, address, caller, place };
  const opened = await open(context, await verify(context, attempt), attempt);
  if (opened) return opened;
  // Another login may have brought the hash up to date meanwhile: the password is verified against the new one, once.
  const openedNow = await open(context, await verify(context, attempt), attempt);
  if (openedNow) return openedNow;
  throw refused(context, caller, await context.db.users.findByEmail(address), "changed meanwhile");
}

/** Whether email and password are those of an account. */
export async function validLogin(context: Context, login: LoginParams, caller: Caller): Promise<boolean> {
  try {
    const address = parseAddress(context, login, caller);
    using place = takeSlotForDevice(context, caller, address);
    await verify(context, { ...login, address, caller, place });
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
  if (address === null || password === "") throw refused(context, caller, null, "no email or password", email);
  return address;
}

/**
 * Reserves a try to log in, from a device that the account knows or from any other. Nothing is written before the caller has a
 * place in the queue.
 *
 * @throws {AuthError} `too_many_tries`, `busy`
 */
export async function reserveLogin(
  context: Context,
  place: HashSlot,
  address: string,
  user: User | null,
  caller: Caller,
): Promise<Reservation> {
  const device = await assignSlot(context, place, user, caller);
  const what = device === undefined ? "login" : "loginFromKnownDevice";
  return reserve(context, what, { address, caller, userId: user?.id, device });
}

/** A login that has its place in the queue. */
interface LoginAttempt extends LoginParams {
  readonly address: string;
  readonly caller: Caller;
  readonly place: HashSlot;
}

/** A verified login: its user, and the form of the password that was hashed. */
interface VerifiedLogin {
  readonly user: User;
  readonly form: HashedForm;
}

/**
 * The user whose address and password these are. An address without an account, or with a disabled one, costs the same hash as a
 * wrong password (OWASP Authentication Cheat Sheet, "Authentication Responses"). Pending registrations are not compared: a
 * stranger could learn from one of their own what the owner of the address does.
 */
async function verify(context: Context, attempt: LoginAttempt): Promise<VerifiedLogin> {
  const { db, passwords, settings, trail } = context;
  const { address, password, caller, place } = attempt;
  const user = await db.users.findByEmail(address);
  await using tries = await reserveLogin(context, place, address, user, caller);
  const form = await passwords.hashedForm(password, user?.hashedPassword ?? null, place);
  if (!user || !form || user.disabledAt !== null) {
    tries.markUsed();
    throw refused(context, caller, user, user && form ? "disabled" : "wrong password");
  }
  if (user.emailVerifiedAt === null && settings.REQUIRE_VERIFIED_EMAIL === "on") {
    trail.record("login_refused", { caller, userId: user.id, detail: "not verified" });
    throw new AuthError("email_not_verified", "email not verified");
  }
  await tries.markSucceeded();
  return { user, form };
}

/** Opens a session; null if the account has changed since it was verified. */
async function open(context: Context, verified: VerifiedLogin, attempt: LoginAttempt): Promise<LoginResult | null> {
  const { db, settings, trail } = context;
  const { user } = verified;
  const { caller, replaces } = attempt;
  const act = createOpeningAct(context, caller);
  const sessionId = act ? act.idFor(act.nonce) : generateToken(settings);
  const device = await getOrCreateDevice(context, user, caller, act, sessionId);
  const session = await db.sessions.open({
    userId: user.id,
    sessionId,
    act,
    verifiedHash: user.hashedPassword,
    rehashed: await rehash(context, verified, attempt),
    replaces: [replaces ?? []].flat().filter((sessionId) => typeof sessionId === "string"),
    limit: settings.SESSION_LIMIT,
    device,
    notice: createLoginNotice(user, caller),
    ip: caller.ip,
    userAgent: caller.userAgent,
  });
  if (!session) return null;
  if (session.sessionId !== sessionId) {
    // The same form was sent twice: both responses must set the same cookies.
    const same = await getOrCreateDevice(context, user, caller, act, session.sessionId);
    return { user: toPublicUser(user), session, device: same };
  }
  trail.record("logged_in", { caller, userId: user.id });
  return { user: toPublicUser(user), session, device };
}

/** The act that makes a form open one session, however often it is sent; undefined for a caller without acts. */
function createOpeningAct({ settings }: Context, { idempotencyKeys: [act] = [] }: Caller): LoginAct | undefined {
  if (act === undefined) return undefined;
  const name = createIdempotencyKey(act, "log in");
  const nonce = randomBytes(32).toString("base64url");
  return { name, nonce, idFor: (of) => deriveToken(settings, name, of) };
}

/**
 * The secret of the device that the account will know, the presented one or a new one: that device has attempts of its own, so
 * that strangers cannot lock the owner out. Undefined if attempts are not limited.
 */
async function getOrCreateDevice(
  context: Context,
  user: User,
  caller: Caller,
  act: LoginAct | undefined,
  sessionId: string,
): Promise<string | undefined> {
  if (context.settings.RATE_LIMIT === "off") return undefined;
  const presented = await chooseDevice(context, user, caller);
  if (presented !== undefined) return presented;
  if (!act) return randomBytes(32).toString("base64url");
  return deriveToken({ TOKEN_FORMAT: "random" }, act.name, `device ${sessionId}`);
}

/** A hash of today's strength for a password that was just right; it can wait for another login when many are waiting. */
async function rehash(
  { passwords }: Context,
  { user, form }: VerifiedLogin,
  { password, place }: LoginAttempt,
): Promise<string | undefined> {
  if (form === "normalized" && !passwords.isOutdated(user.hashedPassword, password)) return undefined;
  if (passwords.queue.isFull) return undefined;
  try {
    return await passwords.hashPassword(password, place);
  } catch (error) {
    if (error instanceof AuthError && error.code === "busy") return undefined;
    throw error;
  }
}

function refused({ trail }: Context, caller: Caller, user: User | null, detail: string, given = ""): AuthError {
  trail.record("login_refused", { caller, userId: user?.id, detail });
  return emailError("wrong_login", "wrong email or password", given);
}
