import type { MailTexts } from "../mails.ts";

/** What to do about something that its owner did not do. */
function help(service: string, support: string | null): string {
  return support === null ? `contactez les responsables de ${service}` : `écrivez à ${support}`;
}

export const mails: MailTexts = {
  confirm_email: ({ service, lifetime }) => ({
    subject: `${service} : confirmez votre adresse`,
    before: [
      `Quelqu’un s’est inscrit sur ${service} avec cette adresse. Si c’est vous, confirmez-la maintenant. Il vous faut le mot de passe que vous avez choisi.`,
    ],
    link: "Confirmer mon adresse",
    after: [
      `Ce lien fonctionne pendant ${lifetime}.`,
      "Si ce n’est pas vous, ne faites rien : cette adresse ne sera pas confirmée.",
    ],
  }),
  already_registered: ({ service, forgot }) => ({
    subject: `${service} : vous avez déjà un compte`,
    before: [
      `Quelqu’un a voulu utiliser cette adresse sur ${service}. Si c’est vous : vous avez déjà un compte et pouvez vous connecter.`,
    ],
    link: "Me connecter",
    after: [
      `Si vous avez oublié votre mot de passe, choisissez-en un nouveau ici : ${forgot}`,
      "Si ce n’est pas vous, ne faites rien : rien n’a changé.",
    ],
  }),
  invitation: ({ service, lifetime, forgot }) => ({
    subject: `${service} : un compte a été créé pour vous`,
    before: [
      `Un compte a été créé pour vous sur ${service}, avec cette adresse. Choisissez un mot de passe pour pouvoir vous connecter.`,
    ],
    link: "Choisir un mot de passe",
    after: [
      `Ce lien fonctionne une seule fois, pendant ${lifetime}. Ne le donnez à personne : toute personne qui l’a peut prendre le contrôle de votre compte.`,
      `S’il est trop ancien, demandez-en un nouveau ici : ${forgot}`,
      "Si vous ne vous y attendiez pas, ne faites rien : personne ne peut se connecter tant qu’aucun mot de passe n’est choisi.",
    ],
  }),
  reset_password: ({ service, lifetime }) => ({
    subject: `${service} : choisissez un nouveau mot de passe`,
    before: [
      `Quelqu’un a demandé un nouveau mot de passe pour votre compte ${service}. Si c’est vous, choisissez-le maintenant.`,
    ],
    link: "Choisir un nouveau mot de passe",
    after: [
      `Ce lien fonctionne une seule fois, pendant ${lifetime}. Ne le donnez à personne : toute personne qui l’a peut prendre le contrôle de votre compte.`,
      "Si ce n’est pas vous, ne faites rien : votre mot de passe reste le même.",
    ],
  }),
  password_changed: ({ service, time, times }) => ({
    subject: `${service} : votre mot de passe a été changé`,
    before: [
      times === 1
        ? `Le mot de passe de votre compte ${service} a été changé le ${time}.`
        : `Le mot de passe de votre compte ${service} a été changé ${times} fois, la dernière fois le ${time}.`,
      "Si c’est vous, il n’y a rien à faire. Sinon, choisissez-en tout de suite un nouveau. Tous les appareils seront alors déconnectés.",
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  new_device: ({ service, device, time, times }) => ({
    subject:
      times === 1 ? `${service} : connexion d’un nouvel appareil` : `${service} : connexion de nouveaux appareils`,
    before: [
      times === 1
        ? `Un nouvel appareil s’est connecté à votre compte ${service} : ${device}, le ${time}.`
        : `${times} nouveaux appareils se sont connectés à votre compte ${service}. Le dernier : ${device}, le ${time}.`,
      "Si c’est vous, il n’y a rien à faire. Sinon, quelqu’un connaît votre mot de passe : choisissez-en tout de suite un nouveau. Tous les appareils seront alors déconnectés.",
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  email_changing: ({ service, time, times }) => ({
    subject: `${service} : votre adresse va changer`,
    before: [
      times === 1
        ? `Le ${time}, quelqu’un qui est connecté à votre compte ${service} a demandé à en changer l’adresse. Elle changera quand la nouvelle sera confirmée ; celle-ci n’ouvrira alors plus le compte.`
        : `Quelqu’un qui est connecté à votre compte ${service} a demandé ${times} fois à en changer l’adresse, la dernière fois le ${time}. Elle changera quand la nouvelle sera confirmée ; celle-ci n’ouvrira alors plus le compte.`,
      "Si c’est vous, il n’y a rien à faire ici. Sinon, choisissez tout de suite un nouveau mot de passe. Tous les appareils seront alors déconnectés.",
    ],
    link: "Choisir un nouveau mot de passe",
    after: [],
  }),
  email_changed: ({ service, time, device, until }) => ({
    subject: `${service} : votre adresse a été changée`,
    before: [
      `L’adresse de votre compte ${service} a été changée le ${time}, depuis ${device}. Cette adresse n’ouvre plus le compte.`,
      "Si c’est vous, il n’y a rien à faire. Sinon, annulez le changement : le compte reprend cette adresse, tous les appareils sont déconnectés, et nous vous envoyons un lien pour choisir un nouveau mot de passe.",
    ],
    link: "Annuler le changement",
    after: [
      `Ce lien fonctionne une seule fois, jusqu’au ${until}. Ne le donnez à personne : toute personne qui l’a peut prendre le contrôle de votre compte.`,
    ],
  }),
  email_change_undone: ({ service, time, device, support }) => ({
    subject: `${service} : le changement d’adresse a été annulé`,
    before: [
      `Le ${time}, votre compte ${service} a repris son adresse précédente, depuis ${device}, par le lien que nous y avions envoyé. Cette adresse-ci n’ouvre plus le compte, et tous les appareils sont déconnectés.`,
      `Si c’est vous, ouvrez le courriel reçu à l’adresse précédente et choisissez un nouveau mot de passe. Sinon, ${help(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  account_deleted: ({ service, time, device, support }) => ({
    subject: `${service} : votre compte a été supprimé`,
    before: [
      `Votre compte ${service} a été supprimé le ${time}, depuis ${device}. Tout ce qui vous concerne est effacé, et personne ne pourra le rétablir.`,
      `Si c’est vous, il n’y a rien à faire. Sinon, quelqu’un connaissait votre mot de passe : changez-le partout où vous l’utilisez, et ${help(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  account_removed: ({ service, time, support }) => ({
    subject: `${service} : votre compte a été supprimé`,
    before: [
      `Votre compte ${service} a été supprimé le ${time} par les responsables de ${service}. Tout ce qui vous concerne est effacé, et personne ne pourra le rétablir.`,
      `Si vous ne vous y attendiez pas, ${help(service, support)}.`,
    ],
    link: `Ouvrir ${service}`,
    after: [],
  }),
  confirm_new_email: ({ service, lifetime }) => ({
    subject: `${service} : confirmez votre nouvelle adresse`,
    before: [
      `Quelqu’un a demandé à utiliser désormais cette adresse pour un compte ${service}. Si c’est vous, confirmez-la maintenant.`,
    ],
    link: "Confirmer ma nouvelle adresse",
    after: [
      `Ce lien fonctionne pendant ${lifetime}.`,
      "Si ce n’est pas vous, ne faites rien : votre adresse ne sera pas utilisée.",
    ],
  }),
  test: ({ service }) => ({
    subject: `${service} : un essai`,
    before: [`Les courriels de ${service} vous parviennent.`],
    link: `Ouvrir ${service}`,
    after: ["Ceux qui s’occupent du service ont envoyé ceci pour l’essayer. Il n’y a rien à faire."],
  }),
};
