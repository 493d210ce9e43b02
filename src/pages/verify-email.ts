import { html } from "hono/html";
import type { ActResult, EmailToVerify } from "../auth/auth.ts";
import { AuthError } from "../errors.ts";
import { setSession } from "../http/session-cookies.ts";
import { emailKey, readEmail } from "../values/email.ts";
import { enter } from "./kit/enter.ts";
import { account, button, type Filled, field, form, hidden, type Page } from "./kit/form.ts";
import { alert, type Html, plain, resetLink, type View, wayTo } from "./kit/layout.ts";
import { mailForm } from "./kit/mail-form.ts";
import type { Problem } from "./kit/problem.ts";
import { goTo, keepOnward } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { asKnown, askerBy, keepDevice, loggedIn, type Values, type Visit } from "./kit/visit.ts";

/**
 * The mailed link leads here: with the password it confirms the address, and logs in. Without a link it has one sent.
 * Seeing the page takes nothing: programs that look into mails open links too.
 */
export const verify: Page = {
  fields: {
    token: false,
    again: false,
    email: ({ token }) => token === undefined,
    password: ({ token }) => token !== undefined,
  },
  async show(visit, filled) {
    const { service, token } = visit;
    if (token === undefined) return request(visit, filled);
    const found = await service.auth.verifyEmail.find(token);
    if (found) return confirmation(visit, filled, { ...found, token, other: await other(visit, token, found) });
    const before = await service.auth.acts.findRecent(visit.caller);
    return before ? confirmed(visit, before) : dead(visit, filled);
  },
  async submit(visit, values) {
    const { service, caller, sessionId } = visit;
    const { token, password = "" } = values;
    if (token === undefined)
      return asked(visit, values, await service.auth.verifyEmail.request(values.email ?? "", askerBy(visit, values)));
    const { user, session } = await service.auth.verifyEmail.confirm({ token, password, sessionId }, caller);
    const { id, email } = user;
    if (session) visit.sessionId = session.sessionId;
    return confirmed(visit, { userId: id, email }, password);
  },
  async again(visit, values, before) {
    if (values.token !== undefined) return confirmed(visit, before, values.password);
    return asked(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

/** Goes on with the account whose address is confirmed now: it is logged in, or logs in where the password was given. */
async function confirmed(visit: Visit, { userId, email }: ActResult, password?: string): Promise<Response> {
  const { c, service, cookies, to, onward: return_to } = visit;
  if ((await loggedIn(visit))?.id === userId) {
    // Of the sessions from before a move only this one goes on, under a new id.
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) cookies.push(...setSession(c, service, sessionId));
    keepDevice(visit);
    return goTo(visit, to(home), { code: "email_changed" });
  }
  try {
    if (email !== null && password !== undefined) return await enter(asKnown(visit), { email, password });
  } catch (error) {
    // The address is confirmed all the same.
    if (!(error instanceof AuthError)) throw error;
  }
  keepDevice(visit);
  return goTo(visit, to("/login", { return_to }), { code: "email_verified", email: email ?? undefined });
}

function asked(visit: Visit, { again }: Values, email: string | undefined): Response {
  const { service, to } = visit;
  keepOnward(visit, service.settings.VERIFY_TOKEN_LIFETIME);
  return goTo(visit, to("/mailbox"), { code: again === undefined ? "waiting" : "waiting_again", email });
}

interface Link {
  readonly token: string;
  readonly email: string;
  readonly isEmailChange: boolean;
  /** Who is logged in here, if that is another account than the one of the link. */
  readonly other: string | undefined;
}

async function other(
  visit: Visit,
  token: string,
  { email, isEmailChange }: EmailToVerify,
): Promise<string | undefined> {
  const user = await loggedIn(visit);
  if (!user) return undefined;
  // Whose account moves is not told: the mail may have gone to a stranger.
  const isOwn = isEmailChange
    ? await visit.service.auth.verifyEmail.isTokenOfUser(token, user.id)
    : emailKey(user.email) === emailKey(email);
  return isOwn ? undefined : user.email;
}

/** Who registered gives the password of that; whose account moves, the one that it has. */
function confirmation(visit: Visit, filled: Filled, { token, email, isEmailChange, other }: Link): View {
  const { verify, fields } = visit.words;
  const wrong = filled.problem && wrongPassword(visit, filled.problem, isEmailChange);
  const problem = wrong?.problem ?? filled.problem;
  const label = isEmailChange ? fields.currentPassword : fields.chosenPassword;
  return {
    title: verify.title,
    secret: true,
    ...wrong,
    body: html`${other !== undefined && plain(isEmailChange ? verify.emailChangeOtherAccount(other) : verify.otherAccount(other))}<p>${isEmailChange ? verify.emailChangeText : verify.text}</p>
${form(visit, {
  action: "/verify",
  goesOn: true,
  body: html`${account(email)}${hidden("token", token)}${field(
    visit,
    { ...filled, problem },
    { name: "password", label, autocomplete: "current-password" },
  )}${button(isEmailChange ? verify.emailChangeSubmit : verify.submit)}`,
})}`,
  };
}

/** What is wrong with the password, said better than by the refusal, if that is what is wrong. */
function wrongPassword(
  visit: Visit,
  problem: Problem,
  isEmailChange: boolean,
): Pick<View, "problem" | "told"> | undefined {
  const { words, service } = visit;
  const { PASSWORD_MIN_LENGTH: minLength } = service.settings;
  const registerLink = wayTo(visit, "/register", words.logIn.register);
  const say = (message: string, more: Html, field?: string) => ({
    problem: { ...problem, field, message },
    told: alert(message, field, more),
  });
  if (problem.code === "locked" && !isEmailChange) return say(words.verify.locked, registerLink);
  // The token is good, so it was the password.
  if (problem.code !== "bad_verify_token") return undefined;
  return isEmailChange
    ? say(words.refusals.wrong_password({ minLength, wait: "" }), resetLink(visit), "password")
    : say(words.verify.wrongPassword, registerLink, "password");
}

/** Whether there is an account, or was something to confirm, is not told. */
function dead(visit: Visit, filled: Filled): View {
  const { words, to, onward: return_to } = visit;
  return {
    title: words.deadLink.title,
    code: "bad_verify_token",
    secret: true,
    body: html`<p>${words.verify.deadLink}</p>
<a class="button plain" href="${to("/login", { return_to })}">${words.logIn.submit}</a>
${mailForm(visit, filled, "/verify", words.deadLink.submit)}`,
  };
}

function request(visit: Visit, filled: Filled): View {
  const { words, to, onward: return_to } = visit;
  return {
    title: words.verify.title,
    body: html`<p>${words.verify.resendText}</p>
${mailForm(visit, filled, "/verify", words.verify.resend)}<p class="middle"><a class="link" href="${to("/login", { return_to })}">${words.forgot.back}</a></p>
`,
  };
}
