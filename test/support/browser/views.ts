import { DatabaseSync } from "node:sqlite";
import { devices } from "playwright-core";
import type { Environment } from "../../../src/settings/settings.ts";
import { registerAndConfirm } from "../production.ts";
import { day, form } from "../world.ts";
import { createStage, createStageOnFile, deliverLink, type Stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const weak = "password1";

/** A visitor and the stage they visit. */
interface Scene {
  readonly stage: Stage;
  readonly visitor: Visitor;
}

/** How to get to each page from an empty database, and to its other states, which are named after a hyphen. */
export const views = {
  login: ({ visitor }) => visitor.open("/login"),
  "login-wrong": ({ visitor }) => logIn(visitor, "not the one"),
  "login-unconfirmed": async ({ stage, visitor }) => {
    await stage.auth.account.register(ada.email, ada.password);
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
  "register-taken-refused": async ({ stage, visitor }) => {
    await registerAndConfirm(stage, ada);
    await register(visitor);
  },
  mailbox: ({ visitor }) => register(visitor),
  verify: ({ stage, visitor }) => openVerify(stage, visitor),
  "verify-wrong": async ({ stage, visitor }) => {
    await openVerify(stage, visitor);
    const { words } = visitor;
    await visitor.submit(words.verify.submit, { [words.fields.chosenPassword]: "not the one" });
  },
  "verify-old-link": ({ visitor }) => visitor.open("/verify?token=old"),
  "verify-request": ({ visitor }) => visitor.open("/verify"),
  "verify-move": openMove,
  "verify-move-wrong": async (scene) => {
    await openMove(scene);
    const { submit, words } = scene.visitor;
    await submit(words.verify.emailChangeSubmit, { [words.fields.currentPassword]: "not the one" });
  },
  "mailbox-waiting": async ({ visitor }) => {
    await visitor.open("/verify");
    await visitor.submit(visitor.words.verify.resend, { [visitor.words.fields.email]: ada.email });
  },
  "mailbox-again": async ({ visitor }) => {
    await register(visitor);
    await visitor.submit(visitor.words.mailbox.resend);
  },
  forgot: ({ visitor }) => visitor.open("/forgot"),
  "mailbox-reset": async ({ visitor }) => {
    await visitor.open("/forgot");
    await visitor.submit(visitor.words.forgot.submit, { [visitor.words.fields.email]: ada.email });
  },
  reset: ({ stage, visitor }) => openReset(stage, visitor),
  "reset-refused": async ({ stage, visitor }) => {
    await openReset(stage, visitor);
    await visitor.submit(visitor.words.reset.submit, { [visitor.words.fields.newPassword]: weak });
  },
  "reset-other": async (scene) => {
    await openReset(scene.stage, scene.visitor);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "verify-other": async (scene) => {
    await openVerify(scene.stage, scene.visitor);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "verify-move-other": async (scene) => {
    await openMove(scene);
    const { path } = scene.visitor;
    await scene.stage.auth.outbox.deliver();
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "login-after-reset-other": async (scene) => {
    const { stage, visitor } = scene;
    await openReset(stage, visitor);
    await switchAccount(scene);
    await visitor.submit(visitor.words.reset.submit, { [visitor.words.fields.newPassword]: `${ada.password}!` });
  },
  "login-after-reset": async ({ stage, visitor }) => {
    await openReset(stage, visitor);
    await visitor.submit(visitor.words.reset.submit, { [visitor.words.fields.newPassword]: `${ada.password}!` });
  },
  "reset-old-link": ({ visitor }) => visitor.open("/reset?token=old"),
  undo: openUndo,
  "undo-refused": async (scene) => {
    await openUndo(scene);
    await registerAndConfirm(scene.stage, ada);
    await scene.visitor.submit(scene.visitor.words.undo.submit);
  },
  "undo-other": async (scene) => {
    await openUndo(scene);
    const { path } = scene.visitor;
    await switchAccount(scene);
    await scene.visitor.open(path);
  },
  "undo-old-link": ({ visitor }) => visitor.open("/undo-email-change?token=old"),
  "mailbox-undone": async (scene) => {
    await openUndo(scene);
    await scene.visitor.submit(scene.visitor.words.undo.submit);
  },
  account: enter,
  "account-devices": async (scene) => {
    await enter(scene);
    const headers = { "User-Agent": devices["iPhone 15"].userAgent };
    await scene.stage.request("/sessions", form(ada, { headers }));
    await scene.visitor.open("/account");
  },
  "account-more-devices": async (scene) => {
    await enter(scene);
    for (let i = 0; i < 11; i++) await scene.stage.request("/sessions", form(ada));
    await scene.visitor.open("/account?from=10");
  },
  "account-done": async (scene) => {
    await enter(scene);
    await changePassword(scene.visitor);
  },
  password: async (scene) => {
    await enter(scene);
    await scene.visitor.open("/account/password");
  },
  "password-wrong": async (scene) => {
    await enter(scene);
    await changePassword(scene.visitor, { current: "not the one" });
  },
  "password-refused": async (scene) => {
    await enter(scene);
    await changePassword(scene.visitor, { chosen: weak });
  },
  email: async (scene) => {
    await enter(scene);
    await scene.visitor.open("/account/email");
  },
  "mailbox-move": async (scene) => {
    await enter(scene);
    await changeEmail(scene.visitor, "ada@new.example.com");
  },
  "email-refused": async (scene) => {
    await enter(scene);
    await changeEmail(scene.visitor, "ada at example.com");
  },
  export: async (scene) => {
    await enter(scene);
    await scene.visitor.open("/account/export");
  },
  delete: async (scene) => {
    await enter(scene);
    await scene.visitor.open("/account/delete");
  },
  "delete-wrong": async (scene) => {
    await enter(scene);
    const { open, submit, words } = scene.visitor;
    await open("/account/delete");
    await submit(words.account.delete, { [words.fields.currentPassword]: "not the one" });
  },
  "delete-switched-refused": async (scene) => {
    await enter(scene);
    await scene.visitor.open("/account/delete");
    await switchAccount(scene);
    const { submit, words } = scene.visitor;
    await submit(words.account.delete, { [words.fields.currentPassword]: ada.password });
  },
  "account-switched-refused": async (scene) => {
    await enter(scene);
    await scene.stage.request("/sessions", form(ada));
    await scene.stage.auth.outbox.deliver();
    await scene.visitor.open("/account");
    await switchAccount(scene);
    await scene.visitor.submit(scene.visitor.words.account.logOutOthers);
  },
  logout: async (scene) => {
    await enter(scene);
    await scene.visitor.open("/logout");
  },
  "login-after-logout": async (scene) => {
    await enter(scene);
    await scene.visitor.open("/logout");
    await scene.visitor.submit(scene.visitor.words.logOut.submit);
  },
  "login-needed": ({ visitor }) => visitor.open("/account/email"),
  "login-session-ended": async (scene) => {
    await enter(scene);
    scene.stage.clock.advance(31 * day);
    await scene.visitor.open("/account/email");
  },
  error: ({ visitor }) => visitor.open("/nothing/is/here"),
  "error-database": async ({ stage, visitor }) => {
    await visitor.open("/login");
    using database = openDatabase(stage);
    database.exec("begin immediate");
    await fillLogIn(visitor);
  },
  "error-internal": async ({ stage, visitor }) => {
    await visitor.open("/login");
    using database = openDatabase(stage);
    database.exec("drop table attempts");
    await fillLogIn(visitor);
    await visitor.waitForText(visitor.words.errors.internal);
  },
} satisfies Record<string, (scene: Scene) => Promise<unknown>>;

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

/** Creates the stage of a view. */
export function createStageFor(view: View): Promise<Stage> {
  const create = onFile.includes(view) ? createStageOnFile : createStage;
  return create({ LIMIT_LOGIN_ACCOUNT: `${attempts}/15m`, ...environments[view] });
}

/** Opens another connection to the database of a stage. */
function openDatabase({ settings }: Stage): DatabaseSync {
  return new DatabaseSync(settings.DATABASE_URL.replace(/^sqlite:/, ""));
}

async function logIn(visitor: Visitor, password = ada.password): Promise<void> {
  await visitor.open("/login");
  await fillLogIn(visitor, password);
}

function fillLogIn({ submit, words }: Visitor, password = ada.password): Promise<void> {
  const { fields, logIn } = words;
  return submit(logIn.submit, { [fields.email]: ada.email, [fields.password]: password });
}

async function register({ open, submit, words }: Visitor, password = ada.password): Promise<void> {
  const { fields, register } = words;
  await open("/register");
  await submit(register.submit, { [fields.email]: ada.email, [fields.password]: password });
}

async function openVerify(stage: Stage, visitor: Visitor): Promise<void> {
  await stage.auth.account.register(ada.email, ada.password);
  await visitor.open(await deliverLink(stage, "/verify"));
}

async function openMove(scene: Scene): Promise<void> {
  await enter(scene);
  await changeEmail(scene.visitor, "ada@new.example.com");
  await scene.visitor.open(await deliverLink(scene.stage, "/verify"));
}

/** Opens the link to undo a completed email change, on a different device than the one that completed it. */
async function openUndo(scene: Scene): Promise<void> {
  await openMove(scene);
  const { submit, words, page } = scene.visitor;
  await submit(words.verify.emailChangeSubmit, { [words.fields.currentPassword]: ada.password });
  await page.context().clearCookies();
  await scene.visitor.open(await deliverLink(scene.stage, "/undo-email-change"));
}

async function openReset(stage: Stage, visitor: Visitor): Promise<void> {
  await registerAndConfirm(stage, ada);
  await stage.auth.resetPassword.request(ada.email);
  await visitor.open(await deliverLink(stage, "/reset"));
}

/** Logs in with this browser, and opens the account page. */
async function enter({ stage, visitor }: Scene): Promise<void> {
  await registerAndConfirm(stage, ada);
  await visitor.page.context().request.post(`${stage.url}/sessions`, { form: ada });
  await visitor.open("/account");
}

/** Logs in to another account, as in another tab. */
async function switchAccount({ stage, visitor }: Scene): Promise<void> {
  const grace = { ...ada, email: "grace@example.com" };
  await registerAndConfirm(stage, grace);
  const { session } = await stage.auth.logIn(grace);
  await visitor.page
    .context()
    .addCookies([{ name: stage.settings.COOKIE_NAME, value: session.sessionId, url: stage.url }]);
}

async function changePassword(
  { open, submit, words }: Visitor,
  { current = ada.password, chosen = `${ada.password}!` } = {},
): Promise<void> {
  const { fields, account } = words;
  await open("/account/password");
  await submit(account.changePassword, { [fields.currentPassword]: current, [fields.newPassword]: chosen });
}

async function changeEmail({ open, submit, words }: Visitor, email: string): Promise<void> {
  const { fields, account } = words;
  await open("/account/email");
  await submit(account.changeEmail, { [fields.newEmail]: email, [fields.currentPassword]: ada.password });
}
