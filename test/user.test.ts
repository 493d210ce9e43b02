import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Auth, type LoginResult } from "../src/auth/auth.ts";
import { AuthBase } from "../src/auth/auth-base.ts";
import type { PublicUser, User } from "../src/user.ts";
import { test } from "./support/engines.ts";
import { createWorld, type World } from "./support/world.ts";

/** The secret attributes of `User`. */
type Secret = "hashedPassword" | "sessionId" | "resetToken";
/** The names of all attributes of a type, at any depth. */
type Names<T> = T extends (...args: never[]) => unknown
  ? never
  : T extends readonly (infer Item)[]
    ? Names<Item>
    : T extends object
      ? keyof T | { [Name in keyof T]: Names<T[Name]> }[keyof T]
      : never;

type AnyFunction = (...args: never[]) => unknown;
type FunctionNames<T> = { [Name in keyof T & string]: T[Name] extends AnyFunction ? Name : never }[keyof T & string];
type Group = Exclude<keyof Auth, keyof AuthBase | FunctionNames<Auth>>;
/** The names of all methods of `Auth`, and of all functions of its groups. */
type Method = FunctionNames<Auth> | { [Name in Group]: `${Name}.${FunctionNames<Auth[Name]>}` }[Group];
type Member<Of, Name> = Name extends keyof Of ? Of[Name] : never;
type FunctionNamed<Name> = Name extends `${infer Of extends Group}.${infer Own}`
  ? Member<Auth[Of], Own>
  : Member<Auth, Name>;
/** The methods whose result has an attribute with the name of a secret. */
type SecretReturningMethod = {
  [Name in Method]: FunctionNamed<Name> extends (...args: never[]) => infer Result
    ? Extract<Names<Awaited<Result>>, Secret> extends never
      ? never
      : Name
    : Name;
}[Method];

/** The methods that create a session or a reset token, and return it next to the user. */
type CreatingMethod =
  | "logIn"
  | "account.confirmPassword"
  | "account.changePassword"
  | "verifyEmail.confirm"
  | "resetPassword.createToken";
({
  logIn: true,
  "account.confirmPassword": true,
  "account.changePassword": true,
  "verifyEmail.confirm": true,
  "resetPassword.createToken": true,
}) satisfies Record<SecretReturningMethod, true> & Record<CreatingMethod, true>;
true satisfies Secret extends keyof User ? true : false;
true satisfies Extract<Names<PublicUser | LoginResult["user"]>, Secret> extends never ? true : false;

const email = "bob@example.com";
const password = "mySuperPwd";
const next = "t4rt1fl3tt3";

/** Collects all values that are currently secret. */
class Secrets {
  readonly #world: World;
  readonly #tokens = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  add<Token extends string | null>(token: Token): Token {
    if (token !== null) this.#tokens.add(token);
    return token;
  }

  async all(): Promise<string[]> {
    const users = await this.#world.db.users.list({ limit: 100 });
    const mailed = this.#world.mails.flatMap(({ token }) => token ?? []);
    return [...this.#tokens, ...mailed, ...users.map(({ hashedPassword }) => hashedPassword), password, next].filter(
      // Accounts without a password have this hash, which is not secret.
      (secret) => secret !== "!",
    );
  }
}

/** Finds all strings in a value: in own, hidden and inherited properties, and in copies made in the usual ways. */
function* findTexts(value: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  for (let level: object | null = value; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Reflect.ownKeys(level)) {
      yield String(name);
      yield* findTexts((value as Record<PropertyKey, unknown>)[name], seen);
    }
  }
  yield inspect(value, { depth: null, showHidden: true, getters: true });
  yield JSON.stringify(value);
  yield JSON.stringify({ ...value });
  yield JSON.stringify(Object.entries(value));
  yield JSON.stringify(structuredClone(value));
}

/**
 * Returns a call of every method, in an order in which all succeed. The results are checked for all secrets except
 * those that the method is meant to return.
 */
async function createCalls(world: World, secrets: Secrets): Promise<Record<Method, () => unknown>> {
  const { auth } = world;
  let session = "";
  const opened = <Created extends { session: { sessionId: string } }>({ session: created, ...rest }: Created) => {
    session = secrets.add(created.sessionId);
    return rest;
  };
  const mailed = () => world.mails.at(-1)?.token ?? "";
  const id = async () => (await world.db.findUserBy({ email })).id;
  const handle = async () => (await auth.admin.listSessions(await id())).find(({ current }) => !current)?.id ?? "";
  return {
    registerUser: () => auth.registerUser(email, password),
    "account.register": () => auth.account.register("carol@example.com", password),
    "verifyEmail.request": () => auth.verifyEmail.request("carol@example.com"),
    "outbox.deliver": () => auth.outbox.deliver(),
    "verifyEmail.find": () => auth.verifyEmail.find(mailed()),
    "verifyEmail.isTokenOfUser": async () => auth.verifyEmail.isTokenOfUser(mailed(), await id()),
    validLogin: () => auth.validLogin(email, password),
    logIn: async () => opened(await auth.logIn({ email, password })),
    createSession: async () => void secrets.add(await auth.createSession(email)),
    getUserFromSessionId: () => auth.getUserFromSessionId(session),
    "account.getUser": () => auth.account.getUser(session),
    "sessions.list": () => auth.sessions.list(session),
    "sessions.listPage": () => auth.sessions.listPage(session, { limit: 1 }),
    "account.confirmPassword": async () => opened(await auth.account.confirmPassword(session, password)),
    "account.changePassword": async () =>
      opened(await auth.account.changePassword(session, { currentPassword: password, newPassword: next })),
    "sessions.getCurrentId": async () => void secrets.add((await auth.sessions.getCurrentId(session)) ?? ""),
    "idempotency.findResult": () => auth.idempotency.findResult({ idempotencyKeys: ["key"] }),
    "account.changeEmail": () => auth.account.changeEmail(session, "bobby@example.com"),
    "verifyEmail.confirm": async () => {
      const first = world.mails.findLast(({ to }) => to === "carol@example.com")?.token ?? "";
      const registered = await auth.verifyEmail.confirm({ token: first, password });
      await auth.outbox.deliver();
      const token = world.mails.findLast(({ kind }) => kind === "confirm_new_email")?.token ?? "";
      const moved = await auth.verifyEmail.confirm({ token, password: next, sessionId: session });
      return [registered, opened({ ...moved, session: moved.session ?? assert.fail() })];
    },
    "undoEmailChange.findEmail": async () => {
      await auth.outbox.deliver();
      return auth.undoEmailChange.findEmail(mailed());
    },
    "undoEmailChange.isTokenOfUser": async () =>
      auth.undoEmailChange.isTokenOfUser(mailed(), (await auth.admin.listAccounts({ limit: 1 }))[0]?.id ?? 0),
    "undoEmailChange.undo": async () => {
      const undone = await auth.undoEmailChange.undo(mailed());
      await auth.outbox.deliver();
      const reset = world.mails.findLast(({ kind }) => kind === "reset_password")?.token ?? "";
      await auth.updatePassword(reset, next);
      opened(await auth.logIn({ email, password: next }));
      return undone;
    },
    "account.exportData": () => auth.account.exportData(session),
    "sessions.end": async () => {
      secrets.add(await auth.createSession(email));
      return auth.sessions.end(session, (await auth.sessions.list(session)).find(({ current }) => !current)?.id ?? "");
    },
    "sessions.endOthers": () => auth.sessions.endOthers(session),
    "resetPassword.findEmail": async () =>
      auth.resetPassword.findEmail(secrets.add(await auth.getResetPasswordToken(email))),
    "resetPassword.request": () => auth.resetPassword.request(email),
    "resetPassword.createToken": async () => {
      const { resetToken, ...rest } = await auth.resetPassword.createToken(email);
      secrets.add(resetToken);
      return rest;
    },
    getResetPasswordToken: async () => void secrets.add(await auth.getResetPasswordToken(email)),
    updatePassword: async () =>
      auth.updatePassword(secrets.add(await auth.getResetPasswordToken(email)), password, email),
    "admin.listAccounts": () => auth.admin.listAccounts({ limit: 10 }),
    "admin.findAccount": async () => [await auth.admin.findAccount(email), await auth.admin.findAccount(await id())],
    "admin.invite": () => auth.admin.invite("dave@example.com"),
    "admin.sendResetMail": async () => auth.admin.sendResetMail(await id()),
    "outbox.list": () => auth.outbox.list(10),
    "outbox.count": () => auth.outbox.count(),
    "outbox.listFailed": () => auth.outbox.listFailed(10),
    "outbox.countFailed": () => auth.outbox.countFailed(),
    "outbox.retryFailed": () => auth.outbox.retryFailed(),
    "outbox.retry": () => auth.outbox.retry(),
    "admin.disableAccount": async () => auth.admin.disableAccount(await id()),
    "admin.enableAccount": async () => auth.admin.enableAccount(await id()),
    "admin.listSessions": async () => {
      secrets.add(await auth.createSession(email));
      return auth.admin.listSessions(await id());
    },
    "admin.endSessions": async () => auth.admin.endSessions(await id(), await handle()),
    logOut: async () => {
      opened(await auth.logIn({ email, password }));
      return auth.logOut(session);
    },
    destroySession: async () => auth.destroySession(await id()),
    "account.deleteAccount": async () => {
      opened(await auth.logIn({ email, password }));
      return auth.account.deleteAccount(session, password);
    },
    "admin.deleteAccount": async () =>
      auth.admin.deleteAccount((await auth.admin.findAccount("carol@example.com"))?.id ?? 0),
    "audit.recordBulkOperation": () => auth.audit.recordBulkOperation("accounts_exported", 1),
    "audit.recordRejectedRequest": () => auth.audit.recordRejectedRequest("cross_site", {}),
    "audit.list": () => auth.audit.list({ limit: 1000 }),
    "admin.sweep": () => auth.admin.sweep(),
    flush: () => auth.flush(),
    ping: () => auth.ping(),
    close: () => auth.close(),
  };
}

// id: returns-no-secret
test("no result of Auth contains a hash, a session id or a token, however it is copied", async () => {
  await using world = await createWorld({ REQUIRE_VERIFIED_EMAIL: "on" });
  const secrets = new Secrets(world);
  const all = await createCalls(world, secrets);
  const members = [Auth, AuthBase].flatMap((of) => Object.entries(Object.getOwnPropertyDescriptors(of.prototype)));
  const methods = members.flatMap(([name, { get }]) => (get || name === "constructor" ? [] : [name]));
  for (const [name, group] of Object.entries(world.auth)) {
    const isGroup = !["context", "admission"].includes(name);
    if (isGroup) methods.push(...Object.keys(group).map((own) => `${name}.${own}`));
  }
  assert.deepEqual(Object.keys(all).sort(), methods.sort());
  for (const [name, call] of Object.entries(all)) {
    const result = await call();
    // Allows the user to log in.
    if (name === "registerUser") await world.db.updateUser((result as User).id, { emailVerifiedAt: 1 });
    const current = await secrets.all();
    for (const text of findTexts(result)) {
      assert.ok(!/^(hashedPassword|sessionId|resetToken)$|\$2b\$|argon2/.test(text), `${name}: ${text}`);
      for (const secret of current) assert.ok(!text.includes(secret), `${name}: ${text}`);
    }
  }
});

test("every method returns a user with the same attributes", async () => {
  await using world = await createWorld();
  const { auth, db, clock } = world;
  const registered = await auth.registerUser(email, password);
  const stored = await db.findUserBy({ email });
  assert.deepEqual(registered, {
    id: stored.id,
    email,
    emailVerifiedAt: null,
    disabledAt: null,
    createdAt: clock.now(),
    updatedAt: clock.now(),
  });
  const { user, session } = await auth.logIn({ email, password });
  const renewed = await auth.account.confirmPassword(session.sessionId, password);
  const { sessionId } = renewed.session;
  const token = await auth.getResetPasswordToken(email);
  const found = [user, renewed.user, await auth.getUserFromSessionId(sessionId), await auth.account.getUser(sessionId)];
  found.push(
    await auth.admin.findAccount(email),
    ...(await auth.admin.listAccounts({ limit: 1 })),
    await auth.updatePassword(token, next),
  );
  for (const each of found) assert.deepEqual(each, registered);
});

test("DB returns the contract's User, with the credential by which the user was looked up", async () => {
  await using world = await createWorld();
  const { auth, db } = world;
  const { id } = await auth.registerUser(email, password);
  const { session } = await auth.logIn({ email, password });
  const resetToken = await auth.getResetPasswordToken(email);
  const bySession = await db.findUserBy({ sessionId: session.sessionId });
  assert.match(bySession.hashedPassword, /^\$2b\$04\$/);
  assert.deepEqual([bySession.id, bySession.sessionId, bySession.resetToken], [id, session.sessionId, null]);
  assert.equal((await db.findUserBy({ resetToken })).resetToken, resetToken);
});

// id: logged-auth-shows-no-secret
test("a logged Auth or DB contains no settings", async () => {
  const secret = "hunter2";
  await using world = await createWorld({ SMTP_URL: `smtp://bob:${secret}@mail.example.com`, MAIL_FROM: email });
  for (const logged of [world.auth, world.db]) {
    const texts = [inspect(logged, { depth: null }), JSON.stringify(logged), JSON.stringify({ ...logged })];
    for (const text of texts) assert.ok(!text.includes(secret), text);
  }
});
