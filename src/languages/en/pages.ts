import type { PageTexts } from "../pages.ts";
import { refusals } from "./refusals.ts";

export const pages: PageTexts = {
  language: "English",
  errorTitle: (title) => `Error: ${title}`,
  languages: "Languages",
  support: "Help",
  terms: "Terms",
  privacy: "Privacy",
  show: "Show",
  hide: "Hide",
  showPassword: "Show password",
  hidePassword: "Hide password",
  fields: {
    email: "Email address",
    password: "Password",
    currentPassword: "Current password",
    chosenPassword: "Password",
    newPassword: "New password",
    newEmail: "New email address",
  },
  missing: {
    email: "Enter your email address.",
    password: "Enter your password.",
    new_password: "Choose a password.",
  },
  invisibleCharacter: "This address contains an invisible character. Type it instead of pasting it.",
  passwordHint: (minLength) =>
    minLength > 1
      ? `Use at least ${minLength} characters. A few unrelated words make a strong password that is easy to remember.`
      : "A few unrelated words make a strong password that is easy to remember.",
  logIn: {
    title: "Log in",
    submit: "Log in",
    forgot: "Forgot your password?",
    reset: "Reset your password",
    confirmFirst: "Just created your account? Verify your email address first: open the link we sent you.",
    noAccount: "Don’t have an account?",
    register: "Create an account",
    switchAccount: (email) =>
      `You are logged in as ${email}. If you log in to a different account, ${email} will be logged out on this device.`,
  },
  register: {
    title: "Create your account",
    submit: "Create account",
    haveAccount: "Already have an account?",
    logIn: "Log in",
  },
  logOut: {
    title: "Log out",
    text: "This logs you out on this device. Your other devices stay logged in.",
    submit: "Log out",
    stay: "Stay logged in",
  },
  forgot: {
    title: "Reset your password",
    text: "Enter your email address, and we will send you a link to choose a new password.",
    submit: "Send link",
    back: "Back to login",
  },
  reset: {
    title: "Choose a new password",
    text: "The new password will replace the old one, and all devices of this account will be logged out.",
    otherAccount: (loggedIn) =>
      `You are logged in as ${loggedIn}, but this link is for a different account, shown below. You will stay logged in as ${loggedIn}.`,
    submit: "Save new password",
  },
  verify: {
    title: "Verify your email address",
    text: "Enter the password you chose when you created your account. You will then be logged in.",
    submit: "Verify and log in",
    resendText: "Enter your email address, and we will send you a new verification link.",
    resend: "Resend verification email",
    wrongPassword: "This is not the password you chose. Try again or, if you forgot it, create your account again.",
    locked: "Too many incorrect passwords. To continue, create your account again.",
    otherAccount: (loggedIn) =>
      `You are logged in as ${loggedIn}, but this link is for a different account, shown below. If you continue, ${loggedIn} will be logged out on this device.`,
    emailChangeOtherAccount: (loggedIn) =>
      `You are logged in as ${loggedIn}, but this link is for a different account. Enter the password of the account that requested the change. ${loggedIn} will then be logged out on this device.`,
    emailChangeText: "Enter your password to use this email address for your account.",
    emailChangeSubmit: "Verify email address",
    deadLink:
      "It has expired, has already been used, or has been replaced by a newer link. If your address is already verified, log in. To change your address, start again from your account. Otherwise, request a new link.",
  },
  undo: {
    title: "Undo your email address change",
    text: "Your account will use this email address again, and all its devices will be logged out. We will send a link to this address to choose a new password. Until you choose one, no one can log in.",
    submit: "Undo change",
    emailTaken:
      "Another account now uses this address. Delete that account or change its address, then open this link again.",
    deadLink:
      "It has expired (after 7 days), has already been used, or has been replaced by a newer link. If you used it, open the link we sent you afterward to choose a new password, or request a new one.",
  },
  deadLink: {
    title: "This link no longer works",
    text: "It has expired, has already been used, or has been replaced by a newer link. Request a new one.",
    submit: "Get a new link",
  },
  mailbox: {
    title: "Check your email",
    confirm: (lifetime) =>
      `We sent a link to this address. Open it to verify your email address. The link expires in ${lifetime}.`,
    waiting: (lifetime) =>
      `If this address still needs to be verified, we sent a link to it. The link expires in ${lifetime}.`,
    reset: (lifetime) =>
      `If an account exists with this address, we sent a link to choose a new password. The link works once and expires in ${lifetime}.`,
    emailChange: (lifetime) =>
      `We sent a link to this address. Open it and enter your password to complete the change. The link expires in ${lifetime}.`,
    undone: (lifetime) =>
      `Your account uses this address again, and all its devices have been logged out. We sent a link to choose a new password. The link works once and expires in ${lifetime}.`,
    notReceived:
      "No email after a few minutes? Check your spam folder and the spelling of the address, or send the email again.",
    resend: "Resend email",
    resent: "If we have an email for this address, we sent it again.",
    back: "Back to login",
    inDevelopment: "This service is in development mode. Emails are not sent. You can read them in the outbox.",
    outbox: "Open outbox",
  },
  account: {
    title: "Your account",
    back: "Back to your account",
    cancel: "Cancel",
    accountSwitched: (email) =>
      `This form was opened for a different account, so nothing was changed. You are now logged in as ${email}. Check that this is the right account before you submit the form again.`,
    logOut: "Log out",
    profile: "Profile",
    memberSince: "Member since",
    confirmed: "Verified",
    unconfirmed: "Not verified",
    sendConfirmation: "Send verification email",
    email: "Email address",
    emailText:
      "You log in with this address, and we send our emails to it. A new address takes effect once you verify it.",
    changeEmail: "Change email address",
    emailTaken: "An account with this address already exists. Use a different address.",
    password: "Password",
    passwordText: "Changing your password logs out all your other devices.",
    changePassword: "Change password",
    devices: "Devices",
    devicesText:
      "These devices are logged in to your account. If you do not recognize one, log it out and change your password.",
    thisDevice: "This device",
    lastSeen: "Last active",
    logOutDevice: "Log out",
    logOutNamedDevice: (device) => `Log out ${device}`,
    logOutOthers: "Log out all other devices",
    nextDevices: "Next devices",
    previousDevices: "Previous devices",
    data: "Your data",
    exportTitle: "Download your data",
    exportText: "A JSON file with all the data we store about you.",
    export: "Download",
    deleteTitle: "Delete your account",
    deleteText:
      "This deletes your account and all its data immediately and permanently. We will email you when it is done.",
    openDelete: "Delete account",
    delete: "Delete account permanently",
  },
  notices: {
    registered: "Your account has been created. Log in with your password.",
    logged_out: "You have been logged out.",
    session_ended: "Your session has ended. Log in again to continue.",
    login_needed: "Log in to continue.",
    password_changed: "Your password has been changed, and your other devices have been logged out.",
    password_reset: "Your password has been changed. Log in with your new password.",
    email_verified: "Your email address has been verified.",
    email_changed: "Your email address has been changed.",
    device_ended: "The device has been logged out.",
    devices_ended: "All other devices have been logged out.",
    account_deleted: "Your account has been deleted.",
  },
  errors: {
    notFound: "Page not found",
    unavailable: "Temporarily unavailable",
    internal: "Something went wrong",
    failed: "Your request could not be completed",
    tryAgain: "Try again",
    home: "Go to your account",
  },
  refusals,
};
