import type { RefusalTexts } from "../refusals.ts";

export const refusals: RefusalTexts = {
  form_stale: () =>
    "This page was open for too long. Submit the form again, with your password if required. If you see this message again, allow cookies for this site.",
  body_malformed: () => "We could not read the form. Go back and try again.",
  body_too_large: () => "The text is too long. Go back and shorten it.",
  body_type_unsupported: () => "We could not read the form. Go back and try again.",
  cross_site: () =>
    "This request came from another site, so we blocked it to protect you. Start again from your account.",
  field_missing: () => "Fill in this field.",
  field_repeated: () => "We could not read the form. Go back and try again.",
  internal: () => "The problem is on our side, and it has been logged. Try again later.",
  method_not_allowed: () => "This page does not support that action. Start again from your account.",
  not_found: () => "Check the address for typos or missing characters.",
  reset_delivery: () =>
    "This works only on the machine that runs the service. Request a password reset link by email instead.",
  email_invalid: () => "Enter a valid email address, such as name@example.com.",
  email_taken: () => "An account with this address already exists. Log in, or reset your password if you forgot it.",
  email_unchanged: () => "This is already your email address. Enter a different one.",
  password_missing: () => "Choose a password.",
  password_too_short: ({ minLength }) => `This password is too short. Use at least ${minLength} characters.`,
  password_common: () => "This password is common and easy to guess. Choose a different one.",
  password_personal: () =>
    "This password is too similar to your email address or to the name of this service. Choose a different one.",
  password_breached: () =>
    "This password appeared in a data breach on another site. Choose a different one, and change it everywhere you use it.",
  not_logged_in: () => "You are not logged in. Log in to continue.",
  wrong_login: () => "Incorrect email address or password. Try again or reset your password.",
  email_not_verified: () =>
    "Your email address has not been verified yet. Open the link we sent you, or request a new one.",
  wrong_password: () => "Incorrect password. Try again.",
  password_needed: () => "Enter your password to continue.",
  unknown_email: () => "Enter a valid email address, such as name@example.com.",
  unknown_session: () => "This device is already logged out.",
  page_invalid: () => "This page of the device list does not exist.",
  bad_reset_token: () => "This link no longer works. Request a new one.",
  bad_undo_token: () => "This link no longer works.",
  bad_verify_token: () => "This link no longer works. Request a new one.",
  locked: () => "Too many incorrect passwords. To continue, reset your password.",
  too_many_tries: ({ wait }) => `Too many attempts. Try again in ${wait}.`,
  busy: ({ wait }) => `The service is busy. Try again in ${wait}.`,
  database_unavailable: ({ wait }) => `The service is temporarily unavailable. Try again in ${wait}.`,
};
