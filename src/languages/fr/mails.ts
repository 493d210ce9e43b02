import type { MailTexts } from "../mails.ts";

function contact(service: string, support: string | null): string {
  return support === null ? `contactez l’équipe ${service}` : `écrivez à ${support}`;
}

const nothingToDo = "Si c’était vous, vous n’avez rien à faire.";
const doNotShare = "Ne le partagez pas : il permet de prendre le contrôle de votre compte.";

export const mails: MailTexts = {
  confirm_email: ({ service, lifetime }) => ({
    subject: `Confirmez votre adresse e-mail pour ${service}`,
    before: [
      `Quelqu’un s’est inscrit à ${service} avec cette adresse e-mail. Si c’était vous, confirmez votre adresse. Le mot de passe que vous avez choisi vous sera demandé.`,
    ],
    link: "Confirmer l’adresse",
    after: [
      `Ce lien expire dans ${lifetime}.`,
      "Si ce n’était pas vous, ignorez cet e-mail : l’adresse ne sera pas confirmée.",
    ],
  }),
  already_registered: ({ service, forgot }) => ({
    subject: `Votre compte ${service} existe déjà`,
    before: [
      `Quelqu’un a voulu utiliser cette adresse e-mail sur ${service}, mais vous avez déjà un compte avec cette adresse. Si c’était vous, connectez-vous.`,
    ],
    link: "Se connecter",
    after: [
      `Si vous avez oublié votre mot de passe, réinitialisez-le : ${forgot}`,
      "Si ce n’était pas vous, ignorez cet e-mail : votre compte n’a pas été modifié.",
    ],
  }),
  invitation: ({ service, lifetime, forgot }) => ({
    subject: `Votre compte ${service} a été créé`,
    before: [
      `Un compte ${service} a été créé pour vous avec cette adresse e-mail. Pour vous connecter, choisissez un mot de passe.`,
    ],
    link: "Choisir un mot de passe",
    after: [
      `Ce lien ne fonctionne qu’une fois et expire dans ${lifetime}. ${doNotShare}`,
      `Si le lien a expiré, demandez-en un nouveau : ${forgot}`,
      "Si vous ne vous attendiez pas à cet e-mail, ignorez-le : personne ne peut se connecter tant qu’aucun mot de passe n’a été choisi.",
    ],
  }),
  reset_password: ({ service, lifetime }) => ({
    subject: `Réinitialisez votre mot de passe ${service}`,
    before: [
      `Quelqu’un a demandé la réinitialisation du mot de passe de votre compte ${service}. Si c’était vous, choisissez un nouveau mot de passe.`,
    ],
    link: "Choisir un nouveau mot de passe",
    after: [
      `Ce lien ne fonctionne qu’une fois et expire dans ${lifetime}. ${doNotShare}`,
      "Si ce n’était pas vous, ignorez cet e-mail : votre mot de passe ne changera pas.",
    ],
  }),
  password_changed: ({ service, time, times }) => ({
    subject: `Votre mot de passe ${service} a été modifié`,
    before: [
      times === 1
        ? `Le mot de passe de votre compte ${service} a été modifié le ${time}.`
        : `Le mot de passe de votre compte ${service} a été modifié ${times} fois, la dernière fois le ${time}.`,
      `${nothingToDo} Sinon, choisissez immédiatement un nouveau mot de passe. Tous les appareils seront alors déconnectés.`,
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  new_device: ({ service, device, time, times }) => ({
    subject:
      times === 1 ? `Nouvelle connexion à votre compte ${service}` : `Nouvelles connexions à votre compte ${service}`,
    before: [
      times === 1
        ? `Un nouvel appareil s’est connecté à votre compte ${service} : ${device}, le ${time}.`
        : `${times} nouveaux appareils se sont connectés à votre compte ${service}. Le plus récent : ${device}, le ${time}.`,
      `${nothingToDo} Sinon, quelqu’un connaît votre mot de passe : choisissez-en immédiatement un nouveau. Tous les appareils seront alors déconnectés.`,
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  email_changing: ({ service, time, times }) => ({
    subject: `Demande de changement de votre adresse e-mail ${service}`,
    before: [
      times === 1
        ? `Un changement d’adresse e-mail a été demandé le ${time} depuis votre compte ${service}. Dès que la nouvelle adresse sera confirmée, vous ne pourrez plus vous connecter avec l’adresse actuelle.`
        : `Un changement d’adresse e-mail a été demandé ${times} fois depuis votre compte ${service}, la dernière fois le ${time}. Dès que la nouvelle adresse sera confirmée, vous ne pourrez plus vous connecter avec l’adresse actuelle.`,
      `${nothingToDo} Sinon, choisissez immédiatement un nouveau mot de passe. Tous les appareils seront alors déconnectés.`,
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  email_changed: ({ service, time, device, until }) => ({
    subject: `Votre adresse e-mail ${service} a été modifiée`,
    before: [
      `L’adresse e-mail de votre compte ${service} a été modifiée le ${time}, depuis ${device}. Vous ne pouvez plus vous connecter avec l’adresse à laquelle vous recevez cet e-mail.`,
      `${nothingToDo} Sinon, annulez le changement. Votre compte utilisera alors de nouveau cette adresse, tous les appareils seront déconnectés et nous vous enverrons un lien pour choisir un nouveau mot de passe.`,
    ],
    link: "Annuler le changement",
    after: [`Ce lien ne fonctionne qu’une fois et expire le ${until}. ${doNotShare}`],
  }),
  email_change_undone: ({ service, time, device, support }) => ({
    subject: `Le changement de votre adresse e-mail ${service} a été annulé`,
    before: [
      `L’adresse e-mail précédente de votre compte ${service} a été rétablie le ${time}, depuis ${device}, avec le lien que nous y avions envoyé. Vous ne pouvez plus vous connecter avec l’adresse à laquelle vous recevez cet e-mail, et tous les appareils ont été déconnectés.`,
      `Si c’était vous, ouvrez l’e-mail envoyé à l’adresse précédente et choisissez un nouveau mot de passe. Sinon, ${contact(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  account_deleted: ({ service, time, device, support }) => ({
    subject: `Votre compte ${service} a été supprimé`,
    before: [
      `Votre compte ${service} a été supprimé le ${time}, depuis ${device}. Ses données ont été effacées et ne peuvent pas être restaurées.`,
      `${nothingToDo} Sinon, quelqu’un connaissait votre mot de passe : changez-le partout où vous l’utilisez, et ${contact(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  account_removed: ({ service, time, support }) => ({
    subject: `Votre compte ${service} a été supprimé`,
    before: [
      `L’équipe ${service} a supprimé votre compte le ${time}. Ses données ont été effacées et ne peuvent pas être restaurées.`,
      `Si vous ne vous y attendiez pas, ${contact(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  confirm_new_email: ({ service, lifetime }) => ({
    subject: `Confirmez votre nouvelle adresse e-mail pour ${service}`,
    before: [
      `Quelqu’un a demandé à utiliser cette adresse e-mail pour son compte ${service}. Si c’était vous, confirmez votre adresse.`,
    ],
    link: "Confirmer l’adresse",
    after: [
      `Ce lien expire dans ${lifetime}.`,
      "Si ce n’était pas vous, ignorez cet e-mail : votre adresse ne sera pas utilisée.",
    ],
  }),
  test: ({ service }) => ({
    subject: `E-mail de test envoyé par ${service}`,
    before: [`Si vous lisez ce message, ${service} peut vous envoyer des e-mails.`],
    link: `Ouvrir ${service}`,
    after: ["L’équipe qui gère ce service a envoyé cet e-mail à titre de test. Vous n’avez rien à faire."],
  }),
};
