import type { RefusalTexts } from "../refusals.ts";

export const refusals: RefusalTexts = {
  form_stale: () =>
    "This page has been open too long. Enter your password again if it asks for one, and send it once more. If you see this again, allow cookies for this site.",
  body_malformed: () => "What the browser sent cannot be read. Go back and try again.",
  body_too_large: () => "That is too much text. Go back and shorten it.",
  body_type_unsupported: () => "What the browser sent cannot be read. Go back and try again.",
  cross_site: () => "This request came from another site, and was stopped to protect you. Start here instead.",
  field_missing: () => "Please fill this in.",
  field_repeated: () => "What the browser sent cannot be read. Go back and try again.",
  internal: () => "It is our fault, and it has been noted. Try again in a while.",
  method_not_allowed: () => "This page cannot be used like that. Start from your account.",
  not_found: () => "Check the address: something may be missing or mistyped.",
  reset_delivery: () => "This can be asked for on the service's own machine only. Have a link sent to you instead.",
  email_invalid: () => "This does not look like an email address. It should look like name@example.com.",
  email_taken: () =>
    "This address has an account already. Log in, or choose a new password if you have forgotten yours.",
  email_unchanged: () => "This is your address already. Enter the one that you want to change to.",
  password_missing: () => "Please choose a password.",
  password_too_short: ({ minLength }) => `This password is too short. It needs ${minLength} characters or more.`,
  password_common: () => "This password is a common one, and would soon be guessed. Choose another.",
  password_personal: () => "This password is too close to your address or to the name of this service. Choose another.",
  password_breached: () =>
    "This password was found in a data breach of another site. Choose another, and change it wherever else you use it.",
  not_logged_in: () => "You are not logged in, or no longer. Log in to go on.",
  wrong_login: () =>
    "Email address or password is wrong. Try again or, if you have forgotten it, choose a new password.",
  email_not_verified: () => "Your address is not confirmed yet. Open the link we sent you, or have it sent again.",
  wrong_password: () => "This is not your password. Try again.",
  password_needed: () => "Please enter your password to go on.",
  unknown_email: () => "This does not look like an email address. It should look like name@example.com.",
  unknown_session: () => "This device is logged out already.",
  page_invalid: () => "There is no such page of devices.",
  bad_reset_token: () => "This link no longer works. Have a new one sent.",
  bad_undo_token: () => "This link no longer works.",
  bad_verify_token: () => "This link no longer works. Have a new one sent.",
  locked: () =>
    "Too many wrong passwords in a row. Waiting will not help: have a link mailed to you, and choose a new password.",
  too_many_tries: ({ wait }) => `Too many tries. Come back in ${wait}.`,
  busy: ({ wait }) => `Many people are here right now. Try again in ${wait}.`,
  database_unavailable: ({ wait }) => `We cannot reach our records right now. Try again in ${wait}.`,
};
