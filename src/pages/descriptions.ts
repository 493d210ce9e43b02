import { z } from "zod";
import type { Description } from "../http/description.ts";
import { currentPassword, email, form, newPassword, page, passwordPolicy, redirectAnswer } from "./kit/describe.ts";

// The descriptions are separate from the pages, because the service reads them at startup, but loads a page on its first request.

const requiredToken = z.string().min(1).describe("The token of the emailed link.");
const token = requiredToken.optional();
const again = z.string().optional().describe("Set if the email is requested again.");

export const logIn = {
  GET: page({ summary: "Shows the login form.", redirects: "The user is logged in." }),
  POST: form({
    summary: "Logs a user in.",
    fields: () => ({
      email,
      password: currentPassword,
      typed: z.string().optional().describe("The address typed on the page that redirected to the login."),
      typed_by: z.string().optional().describe("Tag of the account that may see `typed`."),
    }),
    hashesPassword: true,
    answers: "The user is logged in.",
    refusals: ["field_missing", "wrong_login", "email_not_verified", "too_many_tries"],
  }),
};

export const register = {
  GET: page({ summary: "Shows the registration form.", redirects: "The user is logged in." }),
  POST: form({
    summary: "Registers a user.",
    fields: () => ({ email, new_password: newPassword }),
    hashesPassword: true,
    answers: "The registration is accepted.",
    refusals: ["field_missing", "email_invalid", "email_taken", ...passwordPolicy, "too_many_tries"],
  }),
};

export const logOut = {
  GET: page({ summary: "Shows the button that logs out.", redirects: "No user is logged in." }),
  POST: form({ summary: "Logs the user out.", answers: "The session has ended." }),
};

export const forgotPassword = {
  GET: page({ summary: "Shows the form that requests a password reset." }),
  POST: form({
    summary: "Sends a password reset email if the account exists.",
    fields: () => ({ email, again }),
    answers: "The request is accepted, whether or not the account exists.",
    refusals: ["field_missing", "unknown_email", "too_many_tries"],
  }),
};

export const resetPassword = {
  GET: page({
    summary: "Shows the form that sets a new password.",
    query: () => ({ token }),
    redirects: "This browser has just used the link.",
    refusals: ["bad_reset_token"],
  }),
  POST: form({
    summary: "Sets a new password, and ends all sessions of the user.",
    fields: () => ({ token, new_password: newPassword }),
    query: () => ({ token }),
    hashesPassword: true,
    answers: "The password is changed.",
    refusals: ["field_missing", "bad_reset_token", ...passwordPolicy, "too_many_tries"],
  }),
};

export const verifyEmail = {
  GET: page({
    summary:
      "Shows the form that verifies an email address or, without a token, the form that requests the email again.",
    query: () => ({ token }),
    redirects: "This browser has just used the link.",
    refusals: ["bad_verify_token"],
  }),
  POST: form({
    summary: "Verifies an email address and logs the user in or, without a token, sends the verification email again.",
    fields: () => ({
      token,
      password: currentPassword
        .optional()
        .describe("The password of the registration or account. Required with a token."),
      email: email.optional().describe("The address to verify. Required without a token."),
      again,
    }),
    query: () => ({ token }),
    hashesPassword: true,
    answers: "The address is verified, or the request for the email is accepted.",
    refusals: ["field_missing", "email_invalid", "bad_verify_token", "too_many_tries"],
  }),
};

export const undoEmailChange = {
  GET: page({
    summary: "Shows the button that undoes an email change.",
    query: () => ({ token }),
    redirects: "This browser has just used the link.",
    refusals: ["bad_undo_token"],
  }),
  POST: form({
    summary: "Undoes an email change, ends all sessions of the user and sends a password reset email.",
    fields: () => ({ token: requiredToken }),
    query: () => ({ token }),
    answers: "The previous address is restored.",
    refusals: ["field_missing", "bad_undo_token", "email_taken", "too_many_tries"],
  }),
};

export const mailbox = {
  GET: page({
    summary: "Shows which email to open next.",
    redirects: "This browser has not requested an email in the last 15 minutes.",
  }),
};

export const wellKnownChangePassword = {
  GET: {
    ...page({ summary: "Redirects password managers to the form that changes the password." }),
    answers: () => ({ 303: redirectAnswer("Always.") }),
  } satisfies Description,
};

export const asset: Description = {
  summary: "Returns the style sheet, the script, the icon or the logo of the pages.",
  answers: () => ({
    200: { description: "The file.", content: ["text/css", "text/javascript", "image/svg+xml", "image/png"] },
  }),
  refusals: ["not_found"],
};
