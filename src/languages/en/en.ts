import type { Messages } from "../messages.ts";
import { mails } from "./mails.ts";
import { pages } from "./pages.ts";

export const en: Messages = {
  greeting: "Hello,",
  plainLink: "If the button does not work, open this link:",
  introduceLink: (link) => `${link}:`,
  device: (browser, system) => `${browser} on ${system}`,
  unknownDevice: "an unknown device",
  pages,
  mails,
};
