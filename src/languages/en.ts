import type { Messages } from "./messages.ts";

export const en: Messages = {
  greeting: "Hello,",
  plainLink: "If the button does not work, open this address:",
  device: (browser, system) => `${browser} on ${system}`,
  unknownDevice: "an unknown device",
  mails: {
    confirm_email: ({ service, lifetime }) => ({
      subject: `${service}: confirm your address`,
      before: [
        `Somebody registered at ${service} with this address. If it was you, confirm it now. You need the password that you chose.`,
      ],
      link: "Confirm my address",
      after: [
        `The link works for ${lifetime}.`,
        "If it was not you, do nothing: without your confirmation nobody can log in with your address.",
      ],
    }),
    already_registered: ({ service, forgot }) => ({
      subject: `${service}: you already have an account`,
      before: [
        `Somebody tried to register at ${service} with this address. If it was you: you already have an account, and can log in.`,
      ],
      link: "Log in",
      after: [
        `If you have forgotten your password, choose a new one here: ${forgot}`,
        "If it was not you, do nothing: nothing has changed.",
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
    password_changed: ({ service, time }) => ({
      subject: `${service}: your password was changed`,
      before: [
        `The password of your account at ${service} was changed on ${time}.`,
        "If it was you, there is nothing to do. If it was not, choose a new one at once. That logs out every device.",
      ],
      link: "Choose a new password",
      after: [],
    }),
    new_device: ({ service, device, time }) => ({
      subject: `${service}: a new device logged in`,
      before: [
        `A new device logged in to your account at ${service}: ${device}, on ${time}.`,
        "If it was you, there is nothing to do. If it was not, somebody knows your password: choose a new one at once. That logs out every device.",
      ],
      link: "Choose a new password",
      after: [],
    }),
    email_changing: ({ service, time }) => ({
      subject: `${service}: your address is about to change`,
      before: [
        `On ${time} somebody who is logged in to your account at ${service} asked to change its address. It changes when the new address is confirmed; then this one no longer opens the account.`,
        "If it was you, there is nothing to do here. If it was not, choose a new password at once. That logs out every device.",
      ],
      link: "Choose a new password",
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
