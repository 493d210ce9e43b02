import type { MailTexts } from "../mails.ts";

/** What to do about something that its owner did not do. */
function help(service: string, support: string | null): string {
  return support === null ? `contact the people who run ${service}` : `write to ${support}`;
}

export const mails: MailTexts = {
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
};
