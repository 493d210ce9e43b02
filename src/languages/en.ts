import type { Messages } from "./messages.ts";

/** What to do about something that its owner did not do. */
function help(service: string, support: string | null): string {
  return support === null ? `contact the people who run ${service}` : `write to ${support}`;
}

export const en: Messages = {
  greeting: "Hello,",
  plainLink: "If the button does not work, open this address:",
  introduced: (link) => `${link}:`,
  device: (browser, system) => `${browser} on ${system}`,
  unknownDevice: "an unknown device",
  pages: {
    language: "English",
    failed: (title) => `Error: ${title}`,
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
    invisible: "There is an invisible character in this address. Type it instead of pasting it.",
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
      stranger: "No account yet?",
      register: "Create an account",
      switching: (email) =>
        `You are logged in as ${email} here. If you log in with another account, that one is logged out on this device.`,
    },
    register: {
      title: "Create your account",
      submit: "Create my account",
      known: "Already registered?",
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
      other: (loggedIn) =>
        `This link is for another account, the one below. You are logged in as ${loggedIn} here, and stay logged in.`,
      submit: "Save the password",
    },
    verify: {
      title: "Confirm your address",
      text: "Enter the password you chose, so that we know it is you. Then you are in.",
      submit: "Confirm and log in",
      again: "Enter your email address, and we will send the link that confirms it once more.",
      sendAgain: "Send the link again",
      wrongPassword: "This is not the password you chose. Try again or, if you have forgotten it, register once more.",
      locked: "Too many wrong passwords in a row. Waiting will not help: register once more.",
      other: (loggedIn) =>
        `This link is for another account, the one below. You are logged in as ${loggedIn} here: if you confirm, that account is logged out on this device.`,
      moveOther: (loggedIn) =>
        `This link is for another account, and you are logged in as ${loggedIn} here. Enter the password of the account that asked for this change. ${loggedIn} is then logged out on this device.`,
      moveText: "Enter your password, so that we know it is you. Your account gets this address then.",
      moveSubmit: "Confirm my address",
      dead: "It was used already, is too old, or a newer one was sent. If you have confirmed your address already, just log in. If you were changing your address, ask again from your account. Otherwise, have a new link sent.",
    },
    undo: {
      title: "Undo the change of your address",
      text: "Your account returns to this address, and every device is logged out. Nobody can log in until you choose a new password: we send a link for that to this address.",
      submit: "Undo the change",
      taken:
        "Another account has this address now. Delete that account or change its address, then open this link again.",
      dead: "It was used already, is over 7 days old, or a newer one was sent. If you have used it, look for our mail with the link to choose a new password, or have another one sent.",
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
      nothing: "Nothing there after a few minutes? Look in your spam folder, check the address, or have it sent again.",
      again: "Send it again",
      sentAgain: "If there is a mail to send, we sent it again.",
      back: "Back to log in",
      unsent: "This service is in development: mails are not sent, they wait in the outbox.",
      outbox: "Open the outbox",
    },
    account: {
      title: "Your account",
      back: "Back to my account",
      cancel: "Cancel",
      switched: (email) =>
        `This form was opened for another account. You are logged in as ${email} now, so nothing was changed. Check that this is the account you mean before you send it.`,
      logOut: "Log out",
      profile: "Profile",
      since: "Member since",
      confirmed: "Confirmed",
      unconfirmed: "Not confirmed",
      sendAgain: "Send a confirmation link",
      email: "Email address",
      emailText:
        "You log in with it, and we write to you there. A new address takes effect once you have confirmed it.",
      changeEmail: "Change email address",
      emailTaken: "This address has an account already. Choose another.",
      password: "Password",
      passwordText: "Changing it logs out every other device.",
      changePassword: "Change password",
      devices: "Devices",
      devicesText: "Where you are logged in. Is one of them not yours? Log it out, and change your password.",
      thisDevice: "This device",
      lastSeen: "Last seen",
      endDevice: "Log out",
      endThat: (device) => `Log out ${device}`,
      endOthers: "Log out all other devices",
      moreDevices: "More devices",
      fewerDevices: "Previous devices",
      data: "Your data",
      exportTitle: "Download your data",
      exportText: "A JSON file with everything we hold about you.",
      export: "Download",
      deleteTitle: "Delete your account",
      deleteText:
        "Everything about you is erased at once, and nobody can bring it back. We send you a last mail to confirm it.",
      toDelete: "Delete my account",
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
      refused: "That did not work",
      tryAgain: "Try again",
      home: "Go to my account",
    },
    refusals: {
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
      password_too_short: ({ least }) => `This password is too short. It needs ${least} characters or more.`,
      password_common: () => "This password is a common one, and would soon be guessed. Choose another.",
      password_personal: () =>
        "This password is too close to your address or to the name of this service. Choose another.",
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
    },
  },
  mails: {
    confirm_email: ({ service, lifetime }) => ({
      subject: `${service}: confirm your address`,
      before: [
        `Somebody registered at ${service} with this address. If it was you, confirm it now. You need the password that you chose.`,
      ],
      link: "Confirm my address",
      after: [`The link works for ${lifetime}.`, "If it was not you, do nothing: this address will not be confirmed."],
    }),
    already_registered: ({ service, forgot }) => ({
      subject: `${service}: you already have an account`,
      before: [
        `Somebody tried to use this address at ${service}. If it was you: you already have an account, and can log in.`,
      ],
      link: "Log in",
      after: [
        `If you have forgotten your password, choose a new one here: ${forgot}`,
        "If it was not you, do nothing: nothing has changed.",
      ],
    }),
    invitation: ({ service, lifetime, forgot }) => ({
      subject: `${service}: an account was made for you`,
      before: [`An account with this address was made for you at ${service}. Choose a password, and you can log in.`],
      link: "Choose a password",
      after: [
        `The link works once, for ${lifetime}. Give it to nobody: whoever has it can take your account.`,
        `If it is too old, have a new one sent to you here: ${forgot}`,
        "If you did not expect this, do nothing: nobody can log in before a password is chosen.",
      ],
    }),
    reset_password: ({ service, lifetime }) => ({
      subject: `${service}: choose a new password`,
      before: [`Somebody asked for a new password for your account at ${service}. If it was you, choose it now.`],
      link: "Choose a new password",
      after: [
        `The link works once, for ${lifetime}. Give it to nobody: whoever has it can take your account.`,
        "If it was not you, do nothing: your password stays as it is.",
      ],
    }),
    password_changed: ({ service, time, times }) => ({
      subject: `${service}: your password was changed`,
      before: [
        times === 1
          ? `The password of your account at ${service} was changed on ${time}.`
          : `The password of your account at ${service} was changed ${times} times, the last time on ${time}.`,
        "If it was you, there is nothing to do. If it was not, choose a new one at once. That logs out every device.",
      ],
      link: "Choose a new password",
      after: [],
    }),
    new_device: ({ service, device, time, times }) => ({
      subject: times === 1 ? `${service}: a new device logged in` : `${service}: new devices logged in`,
      before: [
        times === 1
          ? `A new device logged in to your account at ${service}: ${device}, on ${time}.`
          : `${times} new devices logged in to your account at ${service}. The last one: ${device}, on ${time}.`,
        "If it was you, there is nothing to do. If it was not, somebody knows your password: choose a new one at once. That logs out every device.",
      ],
      link: "Choose a new password",
      after: [],
    }),
    email_changing: ({ service, time, times }) => ({
      subject: `${service}: your address is about to change`,
      before: [
        times === 1
          ? `On ${time} somebody who is logged in to your account at ${service} asked to change its address. It changes when the new address is confirmed; then this one no longer opens the account.`
          : `Somebody who is logged in to your account at ${service} asked ${times} times to change its address, the last time on ${time}. It changes when the new address is confirmed; then this one no longer opens the account.`,
        "If it was you, there is nothing to do here. If it was not, choose a new password at once. That logs out every device.",
      ],
      link: "Choose a new password",
      after: [],
    }),
    email_changed: ({ service, time, device, until }) => ({
      subject: `${service}: your address was changed`,
      before: [
        `The address of your account at ${service} was changed on ${time}, from ${device}. This address no longer opens the account.`,
        "If it was you, there is nothing to do. If it was not, undo the change: the account returns to this address, every device is logged out, and we send you a link to choose a new password.",
      ],
      link: "Undo the change",
      after: [`The link works once, until ${until}. Give it to nobody: anyone who has it can take your account.`],
    }),
    email_change_undone: ({ service, time, device, support }) => ({
      subject: `${service}: the change of your address was undone`,
      before: [
        `On ${time} your account at ${service} was brought back to its previous address, from ${device}, by the link that we had mailed there. This address no longer opens the account, and every device is logged out.`,
        `If it was you, open the mail at the previous address and choose a new password. If it was not, ${help(service, support)}.`,
      ],
      link: `Open ${service}`,
      after: [],
    }),
    account_deleted: ({ service, time, device, support }) => ({
      subject: `${service}: your account was deleted`,
      before: [
        `Your account at ${service} was deleted on ${time}, from ${device}. Everything about you is erased, and cannot be brought back.`,
        `If it was you, there is nothing to do. If it was not, somebody knew your password: change it wherever else you use it, and ${help(service, support)}.`,
      ],
      link: `Open ${service}`,
      after: [],
    }),
    account_removed: ({ service, time, support }) => ({
      subject: `${service}: your account was deleted`,
      before: [
        `Your account at ${service} was deleted on ${time} by the people who run ${service}. Everything about you is erased, and cannot be brought back.`,
        `If you did not expect this, ${help(service, support)}.`,
      ],
      link: `Open ${service}`,
      after: [],
    }),
    confirm_new_email: ({ service, lifetime }) => ({
      subject: `${service}: confirm your new address`,
      before: [
        `Somebody asked to use this address for an account at ${service} from now on. If it was you, confirm it now.`,
      ],
      link: "Confirm my new address",
      after: [`The link works for ${lifetime}.`, "If it was not you, do nothing: your address will not be used."],
    }),
    test: ({ service }) => ({
      subject: `${service}: a test`,
      before: [`The mails of ${service} reach you.`],
      link: `Open ${service}`,
      after: ["Whoever runs the service sent this to try it out. There is nothing to do."],
    }),
  },
};
