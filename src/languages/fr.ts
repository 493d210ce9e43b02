import type { Messages } from "./messages.ts";

export const fr: Messages = {
  greeting: "Bonjour,",
  plainLink: "Si le bouton ne fonctionne pas, ouvrez cette adresse :",
  device: (browser, system) => `${browser} sur ${system}`,
  unknownDevice: "un appareil inconnu",
  mails: {
    confirm_email: ({ service, lifetime }) => ({
      subject: `${service} : confirmez votre adresse`,
      before: [
        `Quelqu’un s’est inscrit à ${service} avec cette adresse. Si c’est vous, confirmez-la maintenant. Il vous faut le mot de passe que vous avez choisi.`,
      ],
      link: "Confirmer mon adresse",
      after: [
        `Ce lien fonctionne pendant ${lifetime}.`,
        "Si ce n’est pas vous, ne faites rien : sans votre confirmation, personne ne peut se connecter avec votre adresse.",
      ],
    }),
    already_registered: ({ service, forgot }) => ({
      subject: `${service} : vous avez déjà un compte`,
      before: [
        `Quelqu’un a voulu s’inscrire à ${service} avec cette adresse. Si c’est vous : vous avez déjà un compte et pouvez vous connecter.`,
      ],
      link: "Me connecter",
      after: [
        `Si vous avez oublié votre mot de passe, choisissez-en un nouveau ici : ${forgot}`,
        "Si ce n’est pas vous, ne faites rien : rien n’a changé.",
      ],
    }),
    reset_password: ({ service, lifetime }) => ({
      subject: `${service} : choisissez un nouveau mot de passe`,
      before: [
        `Quelqu’un a demandé un nouveau mot de passe pour votre compte ${service}. Si c’est vous, choisissez-le maintenant.`,
      ],
      link: "Choisir un nouveau mot de passe",
      after: [
        `Ce lien fonctionne une seule fois, pendant ${lifetime}. Ne le donnez à personne : qui l’a peut prendre votre compte.`,
        "Si ce n’est pas vous, ne faites rien : votre mot de passe reste le même.",
      ],
    }),
    password_changed: ({ service, time }) => ({
      subject: `${service} : votre mot de passe a été changé`,
      before: [
        `Le mot de passe de votre compte ${service} a été changé le ${time}.`,
        "Si c’est vous, il n’y a rien à faire. Sinon, choisissez-en tout de suite un nouveau. Tous les appareils seront alors déconnectés.",
      ],
      link: "Choisir un nouveau mot de passe",
      after: [],
    }),
    new_device: ({ service, device, time }) => ({
      subject: `${service} : connexion d’un nouvel appareil`,
      before: [
        `Un nouvel appareil s’est connecté à votre compte ${service} : ${device}, le ${time}.`,
        "Si c’est vous, il n’y a rien à faire. Sinon, quelqu’un connaît votre mot de passe : choisissez-en tout de suite un nouveau. Tous les appareils seront alors déconnectés.",
      ],
      link: "Choisir un nouveau mot de passe",
      after: [],
    }),
    email_changing: ({ service, time }) => ({
      subject: `${service} : votre adresse va changer`,
      before: [
        `Le ${time}, quelqu’un qui est connecté à votre compte ${service} a demandé à en changer l’adresse. Elle changera quand la nouvelle sera confirmée ; celle-ci n’ouvrira alors plus le compte.`,
        "Si c’est vous, il n’y a rien à faire ici. Sinon, choisissez tout de suite un nouveau mot de passe. Tous les appareils seront alors déconnectés.",
      ],
      link: "Choisir un nouveau mot de passe",
      after: [],
    }),
    confirm_new_email: ({ service, lifetime }) => ({
      subject: `${service} : confirmez votre nouvelle adresse`,
      before: [
        `Quelqu’un a demandé à utiliser désormais cette adresse pour un compte ${service}. Si c’est vous, confirmez-la maintenant.`,
      ],
      link: "Confirmer ma nouvelle adresse",
      after: [
        `Ce lien fonctionne pendant ${lifetime}.`,
        "Si ce n’est pas vous, ne faites rien : votre adresse ne sera pas utilisée.",
      ],
    }),
    test: ({ service }) => ({
      subject: `${service} : un essai`,
      before: [`Les courriels de ${service} vous parviennent.`],
      link: `Ouvrir ${service}`,
      after: ["Ceux qui s’occupent du service ont envoyé ceci pour l’essayer. Il n’y a rien à faire."],
    }),
  },
};
