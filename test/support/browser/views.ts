import { DatabaseSync } from "node:sqlite";
import { devices } from "playwright-core";
import type { Environment } from "../../../src/settings/settings.ts";
import { registerAndVerify } from "../production.ts";
import { day, form } from "../world.ts";
import { createServedWorld, createServedWorldOnFile, deliverLink, type ServedWorld } from "./served-world.ts";
import type { Visitor } from "./visitor.ts";

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const weak = "password1";

/** A visitor and the world they visit. */
interface ViewContext {
  readonly world: ServedWorld;
  readonly visitor: Visitor;
}

/** How to get to each page from an empty database, and to its other states, which are named after a hyphen. */
export const views = {
  login: ({ visitor }) => visitor.open("/login"),
  "login-wrong": ({ visitor }) => logIn(visitor, "not the one"),
  "login-unconfirmed": async ({ world, visitor }) => {
    await world.auth.account.register(ada.email, ada.password);
    await logIn(visitor);
  },
  "login-too-often": async ({ visitor }) => {
    for (let i = 0; i <= attempts; i++) await logIn(visitor, "not the one");
  },
  "login-locked": async ({ visitor }) => {
    for (let i = 0; i < 2; i++) await logIn(visitor, "not the one");
  },
  "login-stale-form": async ({ visitor }) => {
    await visitor.open("/login");
    await visitor.page.context().clearCookies();
    await fillLogIn(visitor);
  },
  register: ({ visitor }) => visitor.open("/register"),
  "register-refused": ({ visitor }) => register(visitor, weak),
  "register-taken-refused": async ({ world, visitor }) => {
    await registerAndVerify(world, ada);
    await register(visitor);
  },
  mailbox: ({ visitor }) => register(visitor),
  verify: ({ world, visitor }) => openVerify(world, visitor),
  "verify-wrong": async ({ world, visitor }) => {
    await openVerify(world, visitor);
    const { texts } = visitor;
    await visitor.submit(texts.verify.submit, { [texts.fields.chosenPassword]: "not the one" });
  },
  "verify-invalid-link": ({ visitor }) => visitor.open("/verify?token=old"),
  "verify-request": ({ visitor }) => visitor.open("/verify"),
  "verify-email-change": openEmailChange,
  "verify-email-change-wrong": async (scene) => {
    await openEmailChange(scene);
    const { submit, texts } = scene.visitor;
    await submit(texts.verify.emailChangeSubmit, { [texts.fields.currentPassword]: "not the one" });
  },
  "mailbox-verify": async ({ visitor }) => {
    await visitor.open("/verify");
    await visitor.submit(visitor.texts.verify.resend, { [visitor.texts.fields.email]: ada.email });
  },
  "mailbox-resent": async ({ visitor }) => {
    await register(visitor);
    await visitor.submit(visitor.texts.mailbox.resend);
  },
  forgot: ({ visitor }) => visitor.open("/forgot"),
  "mailbox-reset": async ({ visitor }) => {
    await visitor.open("/forgot");
    await visitor.submit(visitor.texts.forgot.submit, { [visitor.texts.fields.email]: ada.email });
  },
  reset: ({ world, visitor }) => openReset(world, visitor),
  "reset-refused": async ({ world, visitor }) => {
    await openReset(world, visitor);
    await visitor.submit(visitor.texts.reset.submit, { [visitor.texts.fields.newPassword]: weak });
  },
  "reset-other": async (scene) => {
    await openReset(scene.world, scene.visitor);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "verify-other": async (scene) => {
    await openVerify(scene.world, scene.visitor);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "verify-email-change-other": async (scene) => {
    await openEmailChange(scene);
    const { path } = scene.visitor;
    await scene.world.auth.outbox.deliver();
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "login-after-reset-other": async (scene) => {
    const { world, visitor } = scene;
    await openReset(world, visitor);
    await switchAccount(scene);
    await visitor.submit(visitor.texts.reset.submit, { [visitor.texts.fields.newPassword]: `${ada.password}!` });
  },
  "login-after-reset": async ({ world, visitor }) => {
    await openReset(world, visitor);
    await visitor.submit(visitor.texts.reset.submit, { [visitor.texts.fields.newPassword]: `${ada.password}!` });
  },
  "reset-invalid-link": ({ visitor }) => visitor.open("/reset?token=old"),
  undo: openUndo,
  "undo-refused": async (scene) => {
    await openUndo(scene);
    await registerAndVerify(scene.world, ada);
    await scene.visitor.submit(scene.visitor.texts.undo.submit);
  },
  "undo-other": async (scene) => {
    await openUndo(scene);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "undo-invalid-link": ({ visitor }) => visitor.open("/undo-email-change?token=old"),
  "mailbox-undo": async (scene) => {
    await openUndo(scene);
    await scene.visitor.submit(scene.visitor.texts.undo.submit);
  },
  account: logInAndOpenAccount,
  "account-devices": async (scene) => {
    await logInAndOpenAccount(scene);
    const headers = { "User-Agent": devices["iPhone 15"].userAgent };
    await scene.world.request("/sessions", form(ada, { headers }));
    await scene.visitor.open("/account");
  },
  "account-more-devices": async (scene) => {
    await logInAndOpenAccount(scene);
    for (let i = 0; i < 11; i++) await scene.world.request("/sessions", form(ada));
    await scene.visitor.open("/account?from=10");
  },
  "account-changed": async (scene) => {
    await logInAndOpenAccount(scene);
    await changePassword(scene.visitor);
  },
  password: async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/account/password");
  },
  "password-wrong": async (scene) => {
    await logInAndOpenAccount(scene);
    await changePassword(scene.visitor, { current: "not the one" });
  },
  "password-refused": async (scene) => {
    await logInAndOpenAccount(scene);
    await changePassword(scene.visitor, { chosen: weak });
  },
  email: async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/account/email");
  },
  "mailbox-email-change": async (scene) => {
    await logInAndOpenAccount(scene);
    await changeEmail(scene.visitor, "ada@new.example.com");
  },
  "email-refused": async (scene) => {
    await logInAndOpenAccount(scene);
    await changeEmail(scene.visitor, "ada at example.com");
  },
  export: async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/account/export");
  },
  delete: async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/account/delete");
  },
  "delete-wrong": async (scene) => {
    await logInAndOpenAccount(scene);
    const { open, submit, texts } = scene.visitor;
    await open("/account/delete");
    await submit(texts.account.delete, { [texts.fields.currentPassword]: "not the one" });
  },
  "delete-switched-refused": async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/account/delete");
    await switchAccount(scene);
    const { submit, texts } = scene.visitor;
    await submit(texts.account.delete, { [texts.fields.currentPassword]: ada.password });
  },
  "account-switched-refused": async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.world.request("/sessions", form(ada));
    await scene.world.auth.outbox.deliver();
    await scene.visitor.open("/account");
    await switchAccount(scene);
    await scene.visitor.submit(scene.visitor.texts.account.logOutOthers);
  },
  logout: async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/logout");
  },
  "login-after-logout": async (scene) => {
    await logInAndOpenAccount(scene);
    await scene.visitor.open("/logout");
    await scene.visitor.submit(scene.visitor.texts.logOut.submit);
  },
  "login-required": ({ visitor }) => visitor.open("/account/email"),
  "login-session-ended": async (scene) => {
    await logInAndOpenAccount(scene);
    scene.world.clock.advance(31 * day);
    await scene.visitor.open("/account/email");
  },
  error: ({ visitor }) => visitor.open("/nothing/is/here"),
  "error-database": async ({ world, visitor }) => {
    await visitor.open("/login");
    using database = openDatabase(world);
    database.exec("begin immediate");
    await fillLogIn(visitor);
  },
  "error-internal": async ({ world, visitor }) => {
    await visitor.open("/login");
    using database = openDatabase(world);
    database.exec("drop table attempts");
    await fillLogIn(visitor);
    await visitor.waitForText(visitor.texts.errors.internal);
  },
} satisfies Record<string, (scene: ViewContext) => Promise<unknown>>;

export type View = keyof typeof views;

/** The limit of failed logins. */
const attempts = 2;

/** The settings that a view needs. */
const environments: Partial<Record<View, Environment>> = {
  "login-locked": { LIMIT_LOGIN_STREAK: "1" },
  "register-taken-refused": { CONCEAL_ACCOUNTS: "off" },
};

/** Views of a database error, which another connection causes. */
const onFile: readonly View[] = ["error-database", "error-internal"];

/** Creates the world of a view. */
export function createWorldForView(view: View): Promise<ServedWorld> {
  const create = onFile.includes(view) ? createServedWorldOnFile : createServedWorld;
  return create({ LIMIT_LOGIN_ACCOUNT: `${attempts}/15m`, ...environments[view] });
}

/** Opens another connection to the database of a world. */
function openDatabase({ settings }: ServedWorld): DatabaseSync {
  return new DatabaseSync(settings.DATABASE_URL.replace(/^sqlite:/, ""));
}

async function logIn(visitor: Visitor, password = ada.password): Promise<void> {
  await visitor.open("/login");
  await fillLogIn(visitor, password);
}

function fillLogIn({ submit, texts }: Visitor, password = ada.password): Promise<void> {
  const { fields, logIn } = texts;
  return submit(logIn.submit, { [fields.email]: ada.email, [fields.password]: password });
}

async function register({ open, submit, texts }: Visitor, password = ada.password): Promise<void> {
  const { fields, register } = texts;
  await open("/register");
  await submit(register.submit, { [fields.email]: ada.email, [fields.password]: password });
}

async function openVerify(world: ServedWorld, visitor: Visitor): Promise<void> {
  await world.auth.account.register(ada.email, ada.password);
  await visitor.open(await deliverLink(world, "/verify"));
}

async function openEmailChange(scene: ViewContext): Promise<void> {
  await logInAndOpenAccount(scene);
  await changeEmail(scene.visitor, "ada@new.example.com");
  await scene.visitor.open(await deliverLink(scene.world, "/verify"));
}

/** Opens the link to undo a completed email change, on a different device than the one that completed it. */
async function openUndo(scene: ViewContext): Promise<void> {
  await openEmailChange(scene);
  const { submit, texts, page } = scene.visitor;
  await submit(texts.verify.emailChangeSubmit, { [texts.fields.currentPassword]: ada.password });
  await page.context().clearCookies();
  await scene.visitor.open(await deliverLink(scene.world, "/undo-email-change"));
}

async function openReset(world: ServedWorld, visitor: Visitor): Promise<void> {
  await registerAndVerify(world, ada);
  await world.auth.resetPassword.request(ada.email);
  await visitor.open(await deliverLink(world, "/reset"));
}

/** Logs in with this browser, and opens the account page. */
async function logInAndOpenAccount({ world, visitor }: ViewContext): Promise<void> {
  await registerAndVerify(world, ada);
  await visitor.page.context().request.post(`${world.url}/sessions`, { form: ada });
  await visitor.open("/account");
}

/** Logs in to another account, as in another tab. */
async function switchAccount({ world, visitor }: ViewContext): Promise<void> {
  const grace = { ...ada, email: "grace@example.com" };
  await registerAndVerify(world, grace);
  const { session } = await world.auth.logIn(grace);
  await visitor.page
    .context()
    .addCookies([{ name: world.settings.COOKIE_NAME, value: session.sessionId, url: world.url }]);
}

async function changePassword(
  { open, submit, texts }: Visitor,
  { current = ada.password, chosen = `${ada.password}!` } = {},
): Promise<void> {
  const { fields, account } = texts;
  await open("/account/password");
  await submit(account.changePassword, { [fields.currentPassword]: current, [fields.newPassword]: chosen });
}

async function changeEmail({ open, submit, texts }: Visitor, email: string): Promise<void> {
  const { fields, account } = texts;
  await open("/account/email");
  await submit(account.changeEmail, { [fields.newEmail]: email, [fields.currentPassword]: ada.password });
}
