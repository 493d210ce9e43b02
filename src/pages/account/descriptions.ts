import { z } from "zod";
import {
  accountForm,
  accountPage,
  currentPassword,
  email,
  form,
  newPassword,
  passwordPolicy,
  redirectAnswer,
} from "../kit/describe.ts";

// The descriptions are separate from the pages, because the service reads them at startup, but loads a page on its first request.

const recentPassword = currentPassword
  .optional()
  .describe("The current password of the account. Required unless the user has confirmed it in the last ten minutes.");

export const account = {
  GET: accountPage("Shows the account of the user.", () => ({
    from: z.string().optional().describe("Index of the first device to list."),
  })),
};

export const changePassword = {
  GET: accountPage("Shows the form that changes the password."),
  POST: accountForm({
    summary: "Changes the password of the user and ends the user's other sessions.",
    fields: () => ({ password: currentPassword, new_password: newPassword }),
    hashesPassword: true,
    answers: "The password is changed.",
    refusals: ["field_missing", "wrong_password", ...passwordPolicy, "too_many_tries"],
  }),
};

export const changeEmail = {
  GET: accountPage("Shows the form that changes the email address."),
  POST: accountForm({
    summary: "Sends a verification email to the new address.",
    fields: () => ({ email: email.describe("The new email address."), password: recentPassword }),
    hashesPassword: true,
    answers: "The email is sent.",
    refusals: [
      "field_missing",
      "wrong_password",
      "password_needed",
      "email_invalid",
      "email_unchanged",
      "email_taken",
      "too_many_tries",
    ],
  }),
};

export const devices = {
  GET: account.GET,
  POST: accountForm({
    summary: "Logs out one device of the user, or all other devices.",
    fields: () => ({
      session: z.string().optional().describe("The `id` of the session to end. If missing, all other sessions end."),
    }),
    query: () => ({ from: z.string().optional().describe("Index of the first device on the page to show next.") }),
    answers: "The devices are logged out.",
    refusals: ["unknown_session"],
  }),
};

export const exportAccount = {
  GET: accountPage("Shows the form that exports the account."),
  POST: form({
    summary: "Returns the data stored about the user as a file.",
    fields: () => ({ password: recentPassword }),
    hashesPassword: true,
    answers: () => ({
      200: {
        description: "The file.",
        content: ["application/json"],
        headers: {
          "Content-Disposition": "The name of the file.",
          "Set-Cookie": "Sets the session cookie to a new id if the form contains the password.",
        },
      },
      303: redirectAnswer("No user is logged in."),
    }),
    refusals: ["wrong_password", "password_needed", "too_many_tries"],
  }),
};

export const deleteAccount = {
  GET: accountPage("Shows the form that deletes the account."),
  POST: accountForm({
    summary: "Deletes the account of the user.",
    fields: () => ({ password: currentPassword }),
    hashesPassword: true,
    answers: "The account is deleted.",
    refusals: ["field_missing", "wrong_password", "too_many_tries"],
  }),
};
