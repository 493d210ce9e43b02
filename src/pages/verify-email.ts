import { html } from "hono/html";
import type { ActResult, EmailToVerify } from "../auth/auth.ts";
import { AuthError } from "../errors.ts";
import { setSession } from "../http/session-cookies.ts";
import { emailKey, readEmail } from "../values/email.ts";
import { button, type FormState, field, form, hiddenField, type Page, usernameField } from "./kit/form.ts";
import { errorMessage, type Html, infoMessage, linkTo, resetLink, type View } from "./kit/layout.ts";
import { logInAndRedirect } from "./kit/log-in-and-redirect.ts";
import { mailForm } from "./kit/mail-form.ts";
import type { Problem } from "./kit/problem.ts";
import { redirect, storeReturnTo } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import {
  callerOfForm,
  type FormValues,
  findLoggedInUser,
  setDeviceCookie,
  type Visit,
  withKnownDevice,
} from "./kit/visit.ts";

/**
 * The mailed link leads here: with the password it confirms the address, and logs in. Without a link it has one sent.
 * Seeing the page takes nothing: programs that look into mails open links too.
 */
export const verifyEmail: Page = {
  fields: {
    token: false,
    again: false,
    email: ({ token }) => token === undefined,
    password: ({ token }) => token !== undefined,
  },
  async show(visit, state) {
    const { service, token } = visit;
    if (token === undefined) return requestView(visit, state);
    const found = await service.auth.verifyEmail.find(token);
    if (found)
      return confirmationView(visit, state, { ...found, token, other: await findOtherUser(visit, token, found) });
    const before = await service.auth.acts.findRecent(visit.caller);
    return before ? redirectAfterVerification(visit, before) : deadLinkView(visit, state);
  },
  async submit(visit, values) {
    const { service, caller, sessionId } = visit;
    const { token, password = "" } = values;
    if (token === undefined)
      return redirectToMailbox(
        visit,
        values,
        await service.auth.verifyEmail.request(values.email ?? "", callerOfForm(visit, values)),
      );
    const { user, session } = await service.auth.verifyEmail.confirm({ token, password, sessionId }, caller);
    const { id, email } = user;
    if (session) visit.sessionId = session.sessionId;
    return redirectAfterVerification(visit, { userId: id, email }, password);
  },
  async repeatResponse(visit, values, before) {
    if (values.token !== undefined) return redirectAfterVerification(visit, before, values.password);
    return redirectToMailbox(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

/** Goes on with the account whose address is confirmed now: it is logged in, or logs in where the password was given. */
async function redirectAfterVerification(
  visit: Visit,
  { userId, email }: ActResult,
  password?: string,
): Promise<Response> {
  const { c, service, cookies, urlFor, returnTo: return_to } = visit;
  if ((await findLoggedInUser(visit))?.id === userId) {
    // Of the sessions from before a move only this one goes on, under a new id.
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) cookies.push(...setSession(c, service, sessionId));
    setDeviceCookie(visit);
    return redirect(visit, urlFor(home), { code: "email_changed" });
  }
  try {
    if (email !== null && password !== undefined)
      return await logInAndRedirect(withKnownDevice(visit), { email, password });
  } catch (error) {
    // The address is confirmed all the same.
    if (!(error instanceof AuthError)) throw error;
  }
  setDeviceCookie(visit);
  return redirect(visit, urlFor("/login", { return_to }), { code: "email_verified", email: email ?? undefined });
}

function redirectToMailbox(visit: Visit, { again }: FormValues, email: string | undefined): Response {
  const { service, urlFor } = visit;
  storeReturnTo(visit, service.settings.VERIFY_TOKEN_LIFETIME);
  return redirect(visit, urlFor("/mailbox"), { code: again === undefined ? "waiting" : "waiting_again", email });
}

interface LinkDetails {
  readonly token: string;
  readonly email: string;
  readonly isEmailChange: boolean;
  /** Who is logged in here, if that is another account than the one of the link. */
  readonly other: string | undefined;
}

async function findOtherUser(
  visit: Visit,
  token: string,
  { email, isEmailChange }: EmailToVerify,
): Promise<string | undefined> {
  const user = await findLoggedInUser(visit);
  if (!user) return undefined;
  // Whose account moves is not told: the mail may have gone to a stranger.
  const isOwn = isEmailChange
    ? await visit.service.auth.verifyEmail.isTokenOfUser(token, user.id)
    : emailKey(user.email) === emailKey(email);
  return isOwn ? undefined : user.email;
}

/** Who registered gives the password of that; whose account moves, the one that it has. */
function confirmationView(visit: Visit, state: FormState, { token, email, isEmailChange, other }: LinkDetails): View {
  const { verify, fields } = visit.words;
  const wrong = state.problem && wrongPasswordProblem(visit, state.problem, isEmailChange);
  const problem = wrong?.problem ?? state.problem;
  const label = isEmailChange ? fields.currentPassword : fields.chosenPassword;
  return {
    title: verify.title,
    hasSecretUrl: true,
    ...wrong,
    body: html`${other !== undefined && infoMessage(isEmailChange ? verify.emailChangeOtherAccount(other) : verify.otherAccount(other))}<p>${isEmailChange ? verify.emailChangeText : verify.text}</p>
${form(visit, {
  action: "/verify",
  hasReturnTo: true,
  body: html`${usernameField(email)}${hiddenField("token", token)}${field(
    visit,
    { ...state, problem },
    { name: "password", label, autocomplete: "current-password" },
  )}${button(isEmailChange ? verify.emailChangeSubmit : verify.submit)}`,
})}`,
  };
}

/** What is wrong with the password, said better than by the refusal, if that is what is wrong. */
function wrongPasswordProblem(
  visit: Visit,
  problem: Problem,
  isEmailChange: boolean,
): Pick<View, "problem" | "message"> | undefined {
  const { words, service } = visit;
  const { PASSWORD_MIN_LENGTH: minLength } = service.settings;
  const registerLink = linkTo(visit, "/register", words.logIn.register);
  const say = (message: string, more: Html, field?: string) => ({
    problem: { ...problem, field, message },
    message: errorMessage(message, field, more),
  });
  if (problem.code === "locked" && !isEmailChange) return say(words.verify.locked, registerLink);
  // The token is good, so it was the password.
  if (problem.code !== "bad_verify_token") return undefined;
  return isEmailChange
    ? say(words.refusals.wrong_password({ minLength, wait: "" }), resetLink(visit), "password")
    : say(words.verify.wrongPassword, registerLink, "password");
}

/** Whether there is an account, or was something to confirm, is not told. */
function deadLinkView(visit: Visit, state: FormState): View {
  const { words, urlFor, returnTo: return_to } = visit;
  return {
    title: words.deadLink.title,
    code: "bad_verify_token",
    hasSecretUrl: true,
    body: html`<p>${words.verify.deadLink}</p>
<a class="button plain" href="${urlFor("/login", { return_to })}">${words.logIn.submit}</a>
${mailForm(visit, state, "/verify", words.deadLink.submit)}`,
  };
}

function requestView(visit: Visit, state: FormState): View {
  const { words, urlFor, returnTo: return_to } = visit;
  return {
    title: words.verify.title,
    body: html`<p>${words.verify.resendText}</p>
${mailForm(visit, state, "/verify", words.verify.resend)}<p class="middle"><a class="link" href="${urlFor("/login", { return_to })}">${words.forgot.back}</a></p>
`,
  };
}
