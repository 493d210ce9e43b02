import type { MailTexts } from "../mails.ts";

function contact(service: string, support: string | null): string {
  return `contact ${support ?? `the ${service} team`}`;
}

const nothingToDo = "If this was you, you do not need to do anything.";

export const mails: MailTexts = {
  confirm_email: ({ service, lifetime }) => ({
    subject: `Verify your email address for ${service}`,
    before: [
      `Someone signed up for ${service} with this email address. If this was you, verify your address. You will need the password you chose.`,
    ],
    link: "Verify email address",
    after: [
      `This link expires in ${lifetime}.`,
      "If this was not you, ignore this email. The address will not be verified.",
    ],
  }),
  already_registered: ({ service, forgot }) => ({
    subject: `Your ${service} account already exists`,
    before: [
      `Someone tried to use this email address on ${service}, but you already have an account with it. If this was you, log in.`,
    ],
    link: "Log in",
    after: [
      `If you forgot your password, reset it: ${forgot}`,
      "If this was not you, ignore this email. Your account has not changed.",
    ],
  }),
  invitation: ({ service, lifetime, forgot }) => ({
    subject: `Your ${service} account has been created`,
    before: [`Your ${service} account has been created with this email address. To log in, choose a password.`],
    link: "Choose a password",
    after: [
      `This link works once and expires in ${lifetime}. Do not share it: anyone who has it can take over your account.`,
      `If the link has expired, request a new one: ${forgot}`,
      "If you did not expect this email, ignore it. No one can log in until a password is chosen.",
    ],
  }),
  reset_password: ({ service, lifetime }) => ({
    subject: `Reset your ${service} password`,
    before: [`Someone requested a password reset for your ${service} account. If this was you, choose a new password.`],
    link: "Choose a new password",
    after: [
      `This link works once and expires in ${lifetime}. Do not share it: anyone who has it can take over your account.`,
      "If this was not you, ignore this email. Your password will not change.",
    ],
  }),
  password_changed: ({ service, time, times }) => ({
    subject: `Your ${service} password has been changed`,
    before: [
      times === 1
        ? `The password of your ${service} account was changed on ${time}.`
        : `The password of your ${service} account was changed ${times} times, most recently on ${time}.`,
      `${nothingToDo} If it was not, choose a new password immediately. This logs out every device.`,
    ],
    link: "Choose a new password",
    after: [],
  }),
  new_device: ({ service, device, time, times }) => ({
    subject: times === 1 ? `New login to your ${service} account` : `New logins to your ${service} account`,
    before: [
      times === 1
        ? `A new device logged in to your ${service} account: ${device}, on ${time}.`
        : `${times} new devices logged in to your ${service} account. The most recent was ${device}, on ${time}.`,
      `${nothingToDo} If it was not, someone knows your password: choose a new one immediately. This logs out every device.`,
    ],
    link: "Choose a new password",
    after: [],
  }),
  email_changing: ({ service, time, times }) => ({
    subject: `Request to change your ${service} email address`,
    before: [
      times === 1
        ? `On ${time}, someone who is logged in to your ${service} account asked to change its email address. Once the new address is verified, you will no longer be able to log in with the current one.`
        : `Someone who is logged in to your ${service} account asked ${times} times to change its email address, most recently on ${time}. Once the new address is verified, you will no longer be able to log in with the current one.`,
      `${nothingToDo} If it was not, choose a new password immediately. This logs out every device.`,
    ],
    link: "Choose a new password",
    after: [],
  }),
  email_changed: ({ service, time, device, until }) => ({
    subject: `Your ${service} email address has been changed`,
    before: [
      `The email address of your ${service} account was changed on ${time}, from ${device}. You can no longer log in with the address that receives this email.`,
      `${nothingToDo} If it was not, undo the change. Your account will then use this address again, all devices will be logged out, and we will send you a link to choose a new password.`,
    ],
    link: "Undo change",
    after: [
      `This link works once and expires on ${until}. Do not share it: anyone who has it can take over your account.`,
    ],
  }),
  email_change_undone: ({ service, time, device, support }) => ({
    subject: `Your ${service} email address change has been undone`,
    before: [
      `The email address of your ${service} account was changed back to the previous one on ${time}, from ${device}, with the link we sent to that address. You can no longer log in with the address that receives this email, and all devices have been logged out.`,
      `If this was you, open the email we sent to the previous address and choose a new password. If it was not, ${contact(service, support)}.`,
    ],
    link: `Open ${service}`,
    after: [],
  }),
  account_deleted: ({ service, time, device, support }) => ({
    subject: `Your ${service} account has been deleted`,
    before: [
      `Your ${service} account was deleted on ${time}, from ${device}. Its data has been erased and cannot be restored.`,
      `${nothingToDo} If it was not, someone knew your password: change it everywhere you use it, and ${contact(service, support)}.`,
    ],
    link: `Open ${service}`,
    after: [],
  }),
  account_removed: ({ service, time, support }) => ({
    subject: `Your ${service} account has been deleted`,
    before: [
      `The ${service} team deleted your account on ${time}. Its data has been erased and cannot be restored.`,
      `If you did not expect this, ${contact(service, support)}.`,
    ],
    link: `Open ${service}`,
    after: [],
  }),
  confirm_new_email: ({ service, lifetime }) => ({
    subject: `Verify your new email address for ${service}`,
    before: [
      `Someone asked to use this email address for their ${service} account. If this was you, verify your address.`,
    ],
    link: "Verify email address",
    after: [
      `This link expires in ${lifetime}.`,
      "If this was not you, ignore this email. Your address will not be used.",
    ],
  }),
  test: ({ service }) => ({
    subject: `Test email from ${service}`,
    before: [`If you can read this, ${service} can send you emails.`],
    link: `Open ${service}`,
    after: ["The team that runs this service sent this email as a test. You do not need to do anything."],
  }),
};
