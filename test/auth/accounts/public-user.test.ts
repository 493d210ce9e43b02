import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Auth, type LoggedIn } from "../../../src/auth/auth.ts";
import type { PublicUser, User } from "../../../src/user.ts";
import { test } from "../../support/engines.ts";
import { createWorld, type World } from "../../support/world.ts";

/** The attributes of User that are secrets, and every name of an attribute that a type holds, however deep. */
type Secret = "hashedPassword" | "sessionId" | "resetToken";
type Names<T> = T extends (...given: never[]) => unknown
  ? never
  : T extends readonly (infer Item)[]
    ? Names<Item>
    : T extends object
      ? keyof T | { [Name in keyof T]: Names<T[Name]> }[keyof T]
      : never;

type Method = {
  [Name in keyof Auth]: Auth[Name] extends (...given: never[]) => unknown ? Name : never;
}[keyof Auth];
/** The methods whose result has an attribute that is named as a secret is. */
type Telling = {
  [Name in Method]: Extract<Names<Awaited<ReturnType<Auth[Name]>>>, Secret> extends never ? never : Name;
}[Method];

/** Each mints a session or a reset token, and gives it beside the account. */
type Minting = "logIn" | "confirmPassword" | "changePassword" | "confirmEmail" | "makeResetToken";
({
  logIn: true,
  confirmPassword: true,
  changePassword: true,
  confirmEmail: true,
  makeResetToken: true,
}) satisfies Record<Telling, true> & Record<Minting, true>;
true satisfies Secret extends keyof User ? true : false;
true satisfies Extract<Names<PublicUser | LoggedIn["user"]>, Secret> extends never ? true : false;

const email = "bob@example.com";
const password = "mySuperPwd";
const next = "t4rt1fl3tt3";

/** What is secret now, whoever knows it. */
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
      // Of an account that has no password yet.
      (secret) => secret !== "!",
    );
  }
}

/** Every text within a value: own attributes, hidden and inherited ones, and what the usual ways of copying bring out. */
function* texts(value: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  for (let level: object | null = value; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Reflect.ownKeys(level)) {
      yield String(name);
      yield* texts((value as Record<PropertyKey, unknown>)[name], seen);
    }
  }
  yield inspect(value, { depth: null, showHidden: true, getters: true });
  yield JSON.stringify(value);
  yield JSON.stringify({ ...value });
  yield JSON.stringify(Object.entries(value));
  yield JSON.stringify(structuredClone(value));
}

/** A call of every method, in an order in which each succeeds; what it returns is looked through, but for what was asked for. */
async function calls(world: World, secrets: Secrets): Promise<Record<Method, () => unknown>> {
  const { auth } = world;
  let session = "";
  const opened = <Minted extends { session: { sessionId: string } }>({ session: minted, ...rest }: Minted) => {
    session = secrets.add(minted.sessionId);
    return rest;
  };
  const mailed = () => world.mails.at(-1)?.token ?? "";
  const id = async () => (await world.db.findUserBy({ email })).id;
  const handle = async () => (await auth.listSessionsOf(await id())).find(({ current }) => !current)?.id ?? "";
  return {
    registerUser: () => auth.registerUser(email, password),
    register: () => auth.register("carol@example.com", password),
    requestVerification: () => auth.requestVerification("carol@example.com"),
    deliver: () => auth.deliver(),
    addressToVerify: () => auth.addressToVerify(mailed()),
    movesAccount: async () => auth.movesAccount(mailed(), await id()),
    verifyEmail: () => auth.verifyEmail({ token: mailed(), password }),
    validLogin: () => auth.validLogin(email, password),
    logIn: async () => opened(await auth.logIn({ email, password })),
    createSession: async () => void secrets.add(await auth.createSession(email)),
    getUserFromSessionId: () => auth.getUserFromSessionId(session),
    personOf: () => auth.personOf(session),
    listSessions: () => auth.listSessions(session),
    pageOfSessions: () => auth.pageOfSessions(session, { limit: 1 }),
    confirmPassword: async () => opened(await auth.confirmPassword(session, password)),
    changePassword: async () => opened(await auth.changePassword(session, { current: password, chosen: next })),
    currentSession: async () => void secrets.add((await auth.currentSession(session)) ?? ""),
    justDone: () => auth.justDone({ acts: ["act"] }),
    changeEmail: () => auth.changeEmail(session, "bobby@example.com"),
    confirmEmail: async () => {
      await auth.deliver();
      const token = world.mails.findLast(({ kind }) => kind === "confirm_new_email")?.token ?? "";
      const { session: renewed, ...rest } = await auth.confirmEmail({ token, password: next, sessionId: session });
      return opened({ ...rest, session: renewed ?? assert.fail() });
    },
    addressToRestore: async () => {
      await auth.deliver();
      return auth.addressToRestore(mailed());
    },
    restoresAccount: async () => auth.restoresAccount(mailed(), (await auth.listUsers({ limit: 1 }))[0]?.id ?? 0),
    undoEmailChange: async () => {
      const undone = await auth.undoEmailChange(mailed());
      await auth.deliver();
      const reset = world.mails.findLast(({ kind }) => kind === "reset_password")?.token ?? "";
      await auth.updatePassword(reset, next);
      opened(await auth.logIn({ email, password: next }));
      return undone;
    },
    exportAccount: () => auth.exportAccount(session),
    endSession: async () => {
      secrets.add(await auth.createSession(email));
      return auth.endSession(session, (await auth.listSessions(session)).find(({ current }) => !current)?.id ?? "");
    },
    endOtherSessions: () => auth.endOtherSessions(session),
    addressToReset: async () => auth.addressToReset(secrets.add(await auth.getResetPasswordToken(email))),
    requestPasswordReset: () => auth.requestPasswordReset(email),
    makeResetToken: async () => {
      const { resetToken, ...rest } = await auth.makeResetToken(email);
      secrets.add(resetToken);
      return rest;
    },
    getResetPasswordToken: async () => void secrets.add(await auth.getResetPasswordToken(email)),
    updatePassword: async () =>
      auth.updatePassword(secrets.add(await auth.getResetPasswordToken(email)), password, email),
    listUsers: () => auth.listUsers({ limit: 10 }),
    findUser: async () => [await auth.findUser(email), await auth.findUser(await id())],
    inviteUser: () => auth.inviteUser("dave@example.com"),
    sendReset: async () => auth.sendReset(await id()),
    listMails: () => auth.listMails(10),
    countMails: () => auth.countMails(),
    listFailedMails: () => auth.listFailedMails(10),
    countFailedMails: () => auth.countFailedMails(),
    retryFailedMails: () => auth.retryFailedMails(),
    retryMails: () => auth.retryMails(),
    disableUser: async () => auth.disableUser(await id()),
    enableUser: async () => auth.enableUser(await id()),
    listSessionsOf: async () => {
      secrets.add(await auth.createSession(email));
      return auth.listSessionsOf(await id());
    },
    revokeSessions: async () => auth.revokeSessions(await id(), await handle()),
    logOut: async () => {
      opened(await auth.logIn({ email, password }));
      return auth.logOut(session);
    },
    destroySession: async () => auth.destroySession(await id()),
    deleteAccount: async () => {
      opened(await auth.logIn({ email, password }));
      return auth.deleteAccount(session, password);
    },
    deleteUser: async () => auth.deleteUser((await auth.findUser("carol@example.com"))?.id ?? 0),
    note: () => auth.note("accounts_exported", 1),
    noteRefusal: () => auth.noteRefusal("cross_site", {}),
    listEvents: () => auth.listEvents({ limit: 1000 }),
    sweep: () => auth.sweep(),
    flush: () => auth.flush(),
    ping: () => auth.ping(),
    close: () => auth.close(),
  };
}

// id: returns-no-secret
test("nothing that Auth returns holds a hash, a session id or a token, however it is copied", async () => {
  await using world = await createWorld({ REQUIRE_VERIFIED_EMAIL: "on" });
  const secrets = new Secrets(world);
  const all = await calls(world, secrets);
  const members = Object.entries(Object.getOwnPropertyDescriptors(Auth.prototype));
  const methods = members.flatMap(([name, { get }]) => (get || name === "constructor" ? [] : [name]));
  assert.deepEqual(Object.keys(all).sort(), methods.sort());
  for (const [name, call] of Object.entries(all)) {
    const result = await call();
    // So that it may log in.
    if (name === "registerUser") await world.db.updateUser((result as User).id, { emailVerifiedAt: 1 });
    const held = await secrets.all();
    for (const text of texts(result)) {
      assert.ok(!/^(hashedPassword|sessionId|resetToken)$|\$2b\$|argon2/.test(text), `${name}: ${text}`);
      for (const secret of held) assert.ok(!text.includes(secret), `${name}: ${text}`);
    }
  }
});

test("an account has the same attributes whichever method returns it, and no others", async () => {
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
  const renewed = await auth.confirmPassword(session.sessionId, password);
  const { sessionId } = renewed.session;
  const token = await auth.getResetPasswordToken(email);
  const found = [user, renewed.user, await auth.getUserFromSessionId(sessionId), await auth.personOf(sessionId)];
  found.push(
    await auth.findUser(email),
    ...(await auth.listUsers({ limit: 1 })),
    await auth.updatePassword(token, next),
  );
  for (const each of found) assert.deepEqual(each, registered);
});

test("DB returns the contract's User, with the credential that it was found by", async () => {
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
