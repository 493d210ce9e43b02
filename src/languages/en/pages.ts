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
    chosenPassword: "The password you chose",
    newPassword: "New password",
    newEmail: "New email address",
  },
  missing: {
    email: "Enter your email address.",
    password: "Enter your password.",
    new_password: "Choose a password.",
  },
  invisibleCharacter: "There is an invisible character in this address. Type it instead of pasting it.",
  passwordHint: (least) =>
    least > 1
      ? `At least ${least} characters. A few words in a row make a strong password that is easy to remember.`
      : "A few words in a row make a strong password that is easy to remember.",
  logIn: {
    title: "Log in",
    submit: "Log in",
    forgot: "Forgot your password?",
    reset: "Choose a new password",
    confirmFirst: "If you have just registered, confirm your address first: open the link we sent you.",
    noAccount: "No account yet?",
    register: "Create an account",
    switchAccount: (email) =>
      `You are logged in as ${email} here. If you log in with another account, that one is logged out on this device.`,
  },
  register: {
    title: "Create your account",
    submit: "Create my account",
    haveAccount: "Already registered?",
    logIn: "Log in",
  },
  logOut: {
    title: "Log out",
    text: "This ends your session on this device. Your other devices stay logged in.",
    submit: "Log out",
    stay: "Stay logged in",
  },
  forgot: {
    title: "Forgot your password?",
    text: "It happens. Enter your email address, and we will send you a link to choose a new password.",
    submit: "Send the link",
    back: "Back to log in",
  },
  reset: {
    title: "Choose a new password",
    text: "It takes the place of the old one, and every device is logged out.",
    otherAccount: (loggedIn) =>
      `This link is for another account, the one below. You are logged in as ${loggedIn} here, and stay logged in.`,
    submit: "Save the password",
  },
  verify: {
    title: "Confirm your address",
    text: "Enter the password you chose, so that we know it is you. Then you are in.",
    submit: "Confirm and log in",
    resendText: "Enter your email address, and we will send the link that confirms it once more.",
    resend: "Send the link again",
    wrongPassword: "This is not the password you chose. Try again or, if you have forgotten it, register once more.",
    locked: "Too many wrong passwords in a row. Waiting will not help: register once more.",
    otherAccount: (loggedIn) =>
      `This link is for another account, the one below. You are logged in as ${loggedIn} here: if you confirm, that account is logged out on this device.`,
    emailChangeOtherAccount: (loggedIn) =>
      `This link is for another account, and you are logged in as ${loggedIn} here. Enter the password of the account that asked for this change. ${loggedIn} is then logged out on this device.`,
    emailChangeText: "Enter your password, so that we know it is you. Your account gets this address then.",
    emailChangeSubmit: "Confirm my address",
    deadLink:
      "It was used already, is too old, or a newer one was sent. If you have confirmed your address already, just log in. If you were changing your address, ask again from your account. Otherwise, have a new link sent.",
  },
  undo: {
    title: "Undo the change of your address",
    text: "Your account returns to this address, and every device is logged out. Nobody can log in until you choose a new password: we send a link for that to this address.",
    submit: "Undo the change",
    emailTaken:
      "Another account has this address now. Delete that account or change its address, then open this link again.",
    deadLink:
      "It was used already, is over 7 days old, or a newer one was sent. If you have used it, look for our mail with the link to choose a new password, or have another one sent.",
  },
  deadLink: {
    title: "This link no longer works",
    text: "It was used already, is too old, or a newer one was sent. No harm done: ask for a new one.",
    submit: "Get a new link",
  },
  mailbox: {
    title: "Check your email",
    confirm: (lifetime) =>
      `We sent a mail to this address. The link in it confirms the address, and works for ${lifetime}.`,
    waiting: (lifetime) =>
      `If this address is waiting to be confirmed, a mail is on its way. The link in it works for ${lifetime}.`,
    reset: (lifetime) =>
      `If this address has an account, a mail is on its way. The link in it works once, for ${lifetime}.`,
    move: (lifetime) =>
      `We sent a mail to this address. Your account gets this address once you have opened the link in it and given your password. It works for ${lifetime}.`,
    undone: (lifetime) =>
      `Your account is back at this address, and every device is logged out. We sent a mail with the link to choose a new password. It works once, for ${lifetime}.`,
    notReceived:
      "Nothing there after a few minutes? Look in your spam folder, check the address, or have it sent again.",
    resend: "Send it again",
    resent: "If there is a mail to send, we sent it again.",
    back: "Back to log in",
    inDevelopment: "This service is in development: mails are not sent, they wait in the outbox.",
    outbox: "Open the outbox",
  },
  account: {
    title: "Your account",
    back: "Back to my account",
    cancel: "Cancel",
    accountSwitched: (email) =>
      `This form was opened for another account. You are logged in as ${email} now, so nothing was changed. Check that this is the account you mean before you send it.`,
    logOut: "Log out",
    profile: "Profile",
    memberSince: "Member since",
    confirmed: "Confirmed",
    unconfirmed: "Not confirmed",
    sendConfirmation: "Send a confirmation link",
    email: "Email address",
    emailText: "You log in with it, and we write to you there. A new address takes effect once you have confirmed it.",
    changeEmail: "Change email address",
    emailTaken: "This address has an account already. Choose another.",
    password: "Password",
    passwordText: "Changing it logs out every other device.",
    changePassword: "Change password",
    devices: "Devices",
    devicesText: "Where you are logged in. Is one of them not yours? Log it out, and change your password.",
    thisDevice: "This device",
    lastSeen: "Last seen",
    logOutDevice: "Log out",
    logOutNamedDevice: (device) => `Log out ${device}`,
    logOutOthers: "Log out all other devices",
    moreDevices: "More devices",
    fewerDevices: "Previous devices",
    data: "Your data",
    exportTitle: "Download your data",
    exportText: "A JSON file with everything we hold about you.",
    export: "Download",
    deleteTitle: "Delete your account",
    deleteText:
      "Everything about you is erased at once, and nobody can bring it back. We send you a last mail to confirm it.",
    openDelete: "Delete my account",
    delete: "Delete my account for good",
  },
  notices: {
    registered: "Your account is ready. Log in with the password you chose.",
    logged_out: "You are logged out.",
    session_ended: "Your session has ended. Log in to go on.",
    login_needed: "Log in to go on.",
    password_changed: "Your password is changed, and your other devices are logged out.",
    password_reset: "Your new password is saved. Log in with it.",
    email_verified: "Your address is confirmed.",
    email_changed: "Your email address is changed.",
    device_ended: "The device is logged out.",
    devices_ended: "All other devices are logged out.",
    account_deleted: "Your account is deleted. Farewell!",
  },
  errors: {
    notFound: "This page is not here",
    unavailable: "Back in a moment",
    internal: "Something went wrong here",
    failed: "That did not work",
    tryAgain: "Try again",
    home: "Go to my account",
  },
  refusals,
};
