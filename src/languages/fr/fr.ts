import type { Messages } from "../messages.ts";
import { mails } from "./mails.ts";
import { pages } from "./pages.ts";

export const fr: Messages = {
  greeting: "Bonjour,",
  plainLink: "Si le bouton ne fonctionne pas, ouvrez ce lien :",
  introduceLink: (link) => `${link} :`,
  device: (browser, system) => `${browser} sur ${system}`,
  unknownDevice: "un appareil inconnu",
  pages,
  mails,
};
