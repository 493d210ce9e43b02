import { DatabaseSync } from "node:sqlite";
import { devices } from "playwright-core";
import type { Environment } from "../../../src/settings/settings.ts";
import { registerAndVerify } from "../production.ts";
import { day, form } from "../world.ts";
import { createServedWorld, createServedWorldOnFile, deliverLink, type ServedWorld } from "./served-world.ts";
import type { Visitor } from "./visitor.ts";

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const weak = "password1";

/** A visitor, and the world whose pages they visit. */
interface ViewContext {
  readonly world: ServedWorld;
  readonly visitor: Visitor;
}

/** Opens each page, starting with an empty database. The words after the page describe its state. */
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
  "verify-email-change-wrong": async (context) => {
    await openEmailChange(context);
    const { submit, texts } = context.visitor;
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
  "reset-other": async (context) => {
    await openReset(context.world, context.visitor);
    const { path } = context.visitor;
    await switchAccount(context);
    await context.visitor.open(path);
  },
  "verify-other": async (context) => {
    await openVerify(context.world, context.visitor);
    const { path } = context.visitor;
    await switchAccount(context);
    await context.visitor.open(path);
  },
  "verify-email-change-other": async (context) => {
    await openEmailChange(context);
    const { path } = context.visitor;
    await context.world.auth.outbox.deliver();
    await switchAccount(context);
    await context.visitor.open(path);
  },
  "login-after-reset-other": async (context) => {
    const { world, visitor } = context;
    await openReset(world, visitor);
    await switchAccount(context);
    await visitor.submit(visitor.texts.reset.submit, { [visitor.texts.fields.newPassword]: `${ada.password}!` });
  },
  "login-after-reset": async ({ world, visitor }) => {
    await openReset(world, visitor);
    await visitor.submit(visitor.texts.reset.submit, { [visitor.texts.fields.newPassword]: `${ada.password}!` });
  },
  "reset-invalid-link": ({ visitor }) => visitor.open("/reset?token=old"),
  undo: openUndo,
  "undo-refused": async (context) => {
    await openUndo(context);
    await registerAndVerify(context.world, ada);
    await context.visitor.submit(context.visitor.texts.undo.submit);
  },
  "undo-other": async (context) => {
    await openUndo(context);
    const { path } = context.visitor;
    await switchAccount(context);
    await context.visitor.open(path);
  },
  "undo-invalid-link": ({ visitor }) => visitor.open("/undo-email-change?token=old"),
  "mailbox-undo": async (context) => {
    await openUndo(context);
    await context.visitor.submit(context.visitor.texts.undo.submit);
  },
  account: logInAndOpenAccount,
  "account-devices": async (context) => {
    await logInAndOpenAccount(context);
    const headers = { "User-Agent": devices["iPhone 15"].userAgent };
    await context.world.request("/sessions", form(ada, { headers }));
    await context.visitor.open("/account");
  },
  "account-more-devices": async (context) => {
    await logInAndOpenAccount(context);
    for (let i = 0; i < 11; i++) await context.world.request("/sessions", form(ada));
    await context.visitor.open("/account?from=10");
  },
  "account-changed": async (context) => {
    await logInAndOpenAccount(context);
    await changePassword(context.visitor);
  },
  password: async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/account/password");
  },
  "password-wrong": async (context) => {
    await logInAndOpenAccount(context);
    await changePassword(context.visitor, { current: "not the one" });
  },
  "password-refused": async (context) => {
    await logInAndOpenAccount(context);
    await changePassword(context.visitor, { chosen: weak });
  },
  email: async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/account/email");
  },
  "mailbox-email-change": async (context) => {
    await logInAndOpenAccount(context);
    await changeEmail(context.visitor, "ada@new.example.com");
  },
  "email-refused": async (context) => {
    await logInAndOpenAccount(context);
    await changeEmail(context.visitor, "ada at example.com");
  },
  export: async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/account/export");
  },
  delete: async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/account/delete");
  },
  "delete-wrong": async (context) => {
    await logInAndOpenAccount(context);
    const { open, submit, texts } = context.visitor;
    await open("/account/delete");
    await submit(texts.account.delete, { [texts.fields.currentPassword]: "not the one" });
  },
  "delete-switched-refused": async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/account/delete");
    await switchAccount(context);
    const { submit, texts } = context.visitor;
    await submit(texts.account.delete, { [texts.fields.currentPassword]: ada.password });
  },
  "account-switched-refused": async (context) => {
    await logInAndOpenAccount(context);
    await context.world.request("/sessions", form(ada));
    await context.world.auth.outbox.deliver();
    await context.visitor.open("/account");
    await switchAccount(context);
    await context.visitor.submit(context.visitor.texts.account.logOutOthers);
  },
  logout: async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/logout");
  },
  "login-after-logout": async (context) => {
    await logInAndOpenAccount(context);
    await context.visitor.open("/logout");
    await context.visitor.submit(context.visitor.texts.logOut.submit);
  },
  "login-required": ({ visitor }) => visitor.open("/account/email"),
  "login-session-ended": async (context) => {
    await logInAndOpenAccount(context);
    context.world.clock.advance(31 * day);
    await context.visitor.open("/account/email");
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
} satisfies Record<string, (context: ViewContext) => Promise<unknown>>;

export type View = keyof typeof views;

/** The limit of failed logins to an account. */
const attempts = 2;

/** Settings for single views. */
const viewSettings: Partial<Record<View, Environment>> = {
  "login-locked": { LIMIT_LOGIN_STREAK: "1" },
  "register-taken-refused": { CONCEAL_ACCOUNTS: "off" },
};

/** Views of a database error. Another connection causes the error, so the database must be a file. */
const viewsOnFile: readonly View[] = ["error-database", "error-internal"];

/** Creates the world in which a view can be opened. */
export function createWorldForView(view: View): Promise<ServedWorld> {
  const create = viewsOnFile.includes(view) ? createServedWorldOnFile : createServedWorld;
  return create({ LIMIT_LOGIN_ACCOUNT: `${attempts}/15m`, ...viewSettings[view] });
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

async function openEmailChange(context: ViewContext): Promise<void> {
  await logInAndOpenAccount(context);
  await changeEmail(context.visitor, "ada@new.example.com");
  await context.visitor.open(await deliverLink(context.world, "/verify"));
}

/** Opens the link to undo a completed email change, on a different device than the one that completed it. */
async function openUndo(context: ViewContext): Promise<void> {
  await openEmailChange(context);
  const { submit, texts, page } = context.visitor;
  await submit(texts.verify.emailChangeSubmit, { [texts.fields.currentPassword]: ada.password });
  await page.context().clearCookies();
  await context.visitor.open(await deliverLink(context.world, "/undo-email-change"));
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
