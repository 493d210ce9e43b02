import { html } from "hono/html";
import type { EmailToVerify, IdempotentResult } from "../auth/auth.ts";
import { AuthError } from "../errors.ts";
import { createSessionCookies } from "../http/session-cookies.ts";
import { emailKey, readEmail } from "../values/email.ts";
import { button, type FormPage, type FormState, field, form, hiddenField, usernameField } from "./kit/form.ts";
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
 * The page of the emailed link. Its form verifies the address with the password, and logs the user in. Without a token, the form
 * sends a new link. GET does not consume the token, because email scanners also open links.
 */
export const verifyEmail: FormPage = {
  findMissingField(values) {
    const name = values.token === undefined ? "email" : "password";
    return values[name] === undefined ? name : undefined;
  },
  async show(visit, state) {
    const { service, token } = visit;
    if (token === undefined) return requestView(visit, state);
    const found = await service.auth.verifyEmail.find(token);
    if (found)
      return verificationView(visit, state, { ...found, token, other: await findOtherEmail(visit, token, found) });
    const result = await service.auth.idempotency.findResult(visit.caller);
    return result ? redirectAfterVerification(visit, result) : deadLinkView(visit, state);
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
  async repeatResponse(visit, values, result) {
    if (values.token !== undefined) return redirectAfterVerification(visit, result, values.password);
    return redirectToMailbox(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

/** Logs in to the account of the verified address, unless the account is already logged in or there is no password. */
async function redirectAfterVerification(
  visit: Visit,
  { userId, email }: IdempotentResult,
  password?: string,
): Promise<Response> {
  const { c, service, cookies, urlFor, returnTo: return_to } = visit;
  if ((await findLoggedInUser(visit))?.id === userId) {
    // An email change ends all other sessions and gives this session a new id.
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) cookies.push(...createSessionCookies(c, service, sessionId));
    setDeviceCookie(visit);
    return redirect(visit, urlFor(home), { code: "email_changed" });
  }
  try {
    if (email !== null && password !== undefined)
      return await logInAndRedirect(withKnownDevice(visit), { email, password });
  } catch (error) {
    // The address stays verified: the user can log in on the next page.
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
  /** See `findOtherEmail`. */
  readonly other: string | undefined;
}

/** Returns the address of the logged-in account if the link is for another account. */
async function findOtherEmail(
  visit: Visit,
  token: string,
  { email, isEmailChange }: EmailToVerify,
): Promise<string | undefined> {
  const user = await findLoggedInUser(visit);
  if (!user) return undefined;
  // The page must not name the account whose address changes: the email may have reached the wrong person.
  const isOwn = isEmailChange
    ? await visit.service.auth.verifyEmail.isTokenOfUser(token, user.id)
    : emailKey(user.email) === emailKey(email);
  return isOwn ? undefined : user.email;
}

/** Returns the form that asks for the password of the registration or, for an email change, the current password. */
function verificationView(visit: Visit, state: FormState, { token, email, isEmailChange, other }: LinkDetails): View {
  const { verify, fields } = visit.texts;
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

/** Returns the problem with a more specific message after one or too many wrong passwords, and undefined otherwise. */
function wrongPasswordProblem(
  visit: Visit,
  problem: Problem,
  isEmailChange: boolean,
): Pick<View, "problem" | "message"> | undefined {
  const { texts, service } = visit;
  const { PASSWORD_MIN_LENGTH: minLength } = service.settings;
  const registerLink = linkTo(visit, "/register", texts.logIn.register);
  const describe = (message: string, more: Html, field?: string) => ({
    problem: { ...problem, field, message },
    message: errorMessage(message, field, more),
  });
  if (problem.code === "locked" && !isEmailChange) return describe(texts.verify.locked, registerLink);
  // The page found the token valid, so this code means that the password is wrong.
  if (problem.code !== "bad_verify_token") return undefined;
  return isEmailChange
    ? describe(texts.refusals.wrong_password({ minLength, wait: "" }), resetLink(visit), "password")
    : describe(texts.verify.wrongPassword, registerLink, "password");
}

/** Returns the page of an invalid link. It must not reveal whether an account or a pending registration exists. */
function deadLinkView(visit: Visit, state: FormState): View {
  const { texts, urlFor, returnTo: return_to } = visit;
  return {
    title: texts.deadLink.title,
    code: "bad_verify_token",
    hasSecretUrl: true,
    body: html`<p>${texts.verify.deadLink}</p>
<a class="button plain" href="${urlFor("/login", { return_to })}">${texts.logIn.submit}</a>
${mailForm(visit, state, "/verify", texts.deadLink.submit)}`,
  };
}

function requestView(visit: Visit, state: FormState): View {
  const { texts, urlFor, returnTo: return_to } = visit;
  return {
    title: texts.verify.title,
    body: html`<p>${texts.verify.resendText}</p>
${mailForm(visit, state, "/verify", texts.verify.resend)}<p class="middle"><a class="link" href="${urlFor("/login", { return_to })}">${texts.forgot.back}</a></p>
`,
  };
}
