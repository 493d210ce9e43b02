import type { Messages } from "./messages.ts";

/** What to do about something that its owner did not do. */
function help(service: string, support: string | null): string {
  return support === null ? `contactez les responsables de ${service}` : `écrivez à ${support}`;
}

export const fr: Messages = {
  greeting: "Bonjour,",
  plainLink: "Si le bouton ne fonctionne pas, ouvrez cette adresse :",
  introduced: (link) => `${link} :`,
  device: (browser, system) => `${browser} sur ${system}`,
  unknownDevice: "un appareil inconnu",
  pages: {
    language: "Français",
    failed: (title) => `Erreur : ${title}`,
    languages: "Langues",
    support: "Aide",
    terms: "Conditions",
    privacy: "Confidentialité",
    show: "Afficher",
    hide: "Masquer",
    showPassword: "Afficher le mot de passe",
    hidePassword: "Masquer le mot de passe",
    fields: {
      email: "Adresse électronique",
      password: "Mot de passe",
      currentPassword: "Mot de passe actuel",
      chosenPassword: "Le mot de passe que vous avez choisi",
      newPassword: "Nouveau mot de passe",
      newEmail: "Nouvelle adresse électronique",
    },
    missing: {
      email: "Entrez votre adresse électronique.",
      password: "Entrez votre mot de passe.",
      new_password: "Choisissez un mot de passe.",
    },
    invisible: "Cette adresse contient un caractère invisible. Tapez-la au lieu de la coller.",
    passwordHint: (least) =>
      least > 1
        ? `Au moins ${least} caractères. Quelques mots à la suite font un mot de passe solide et facile à retenir.`
        : "Quelques mots à la suite font un mot de passe solide et facile à retenir.",
    logIn: {
      title: "Connexion",
      submit: "Me connecter",
      forgot: "Mot de passe oublié ?",
      reset: "Choisir un nouveau mot de passe",
      confirmFirst:
        "Si vous venez de vous inscrire, confirmez d’abord votre adresse : ouvrez le lien que nous vous avons envoyé.",
      stranger: "Pas encore de compte ?",
      register: "Créer un compte",
      switching: (email) =>
        `Vous utilisez déjà le compte de ${email} ici. Si vous ouvrez un autre compte, celui-ci sera déconnecté.`,
    },
    register: {
      title: "Créez votre compte",
      submit: "Créer mon compte",
      known: "Déjà un compte ?",
      logIn: "Me connecter",
    },
    logOut: {
      title: "Déconnexion",
      text: "Votre session se termine sur cet appareil. Vos autres appareils gardent leur session.",
      submit: "Me déconnecter",
      stay: "Ne pas me déconnecter",
    },
    forgot: {
      title: "Mot de passe oublié ?",
      text: "Cela arrive. Donnez-nous votre adresse électronique : nous vous enverrons un lien pour choisir un nouveau mot de passe.",
      submit: "Envoyer le lien",
      back: "Retour à la connexion",
    },
    reset: {
      title: "Choisissez un nouveau mot de passe",
      text: "Il remplace l’ancien, et tous les appareils sont déconnectés.",
      other: (loggedIn) =>
        `Ce lien concerne un autre compte, celui ci-dessous. Vous utilisez ici celui de ${loggedIn}, qui reste ouvert.`,
      submit: "Enregistrer le mot de passe",
    },
    verify: {
      title: "Confirmez votre adresse",
      text: "Entrez le mot de passe que vous avez choisi, pour que nous sachions que c’est vous. La connexion suivra.",
      submit: "Confirmer et me connecter",
      again: "Donnez-nous votre adresse électronique : nous vous renverrons le lien qui la confirme.",
      sendAgain: "Renvoyer le lien",
      wrongPassword:
        "Ce n’est pas le mot de passe que vous avez choisi. Réessayez ou, si vous l’avez oublié, inscrivez-vous à nouveau.",
      locked: "Trop de mots de passe incorrects de suite. Attendre n’y changera rien : inscrivez-vous à nouveau.",
      other: (loggedIn) =>
        `Ce lien concerne un autre compte, celui ci-dessous. Vous utilisez ici celui de ${loggedIn} : il sera déconnecté de cet appareil quand vous confirmerez.`,
      moveOther: (loggedIn) =>
        `Ce lien concerne un autre compte que celui de ${loggedIn}, que vous utilisez ici. Donnez le mot de passe du compte qui a demandé ce changement : il s’ouvrira, et celui de ${loggedIn} sera déconnecté de cet appareil.`,
      moveText:
        "Entrez votre mot de passe, pour que nous sachions que c’est vous. Votre compte prendra alors cette adresse.",
      moveSubmit: "Confirmer mon adresse",
      dead: "Il a déjà servi, il est trop ancien, ou un lien plus récent a été envoyé. Si vous avez déjà confirmé votre adresse, connectez-vous. Si vous changiez d’adresse, recommencez depuis votre compte. Sinon, demandez un nouveau lien.",
    },
    undo: {
      title: "Annulez le changement d’adresse",
      text: "Votre compte reprend cette adresse, et tous les appareils sont déconnectés. Personne ne peut se connecter tant que vous n’avez pas choisi un nouveau mot de passe : nous envoyons un lien pour cela à cette adresse.",
      submit: "Annuler le changement",
      taken:
        "Un autre compte a maintenant cette adresse. Supprimez ce compte ou changez son adresse, puis rouvrez ce lien.",
      dead: "Il a déjà servi, il date de plus de 7 jours, ou un lien plus récent a été envoyé. Si vous l’avez utilisé, cherchez notre courriel avec le lien pour choisir un nouveau mot de passe, ou faites-en envoyer un autre.",
    },
    deadLink: {
      title: "Ce lien ne fonctionne plus",
      text: "Il a déjà servi, il est trop ancien, ou un lien plus récent a été envoyé. Rien de grave : demandez-en un nouveau.",
      submit: "Recevoir un nouveau lien",
    },
    mailbox: {
      title: "Consultez votre messagerie",
      confirm: (lifetime) =>
        `Nous avons envoyé un courriel à cette adresse. Son lien la confirme et fonctionne pendant ${lifetime}.`,
      waiting: (lifetime) =>
        `Si cette adresse attend d’être confirmée, un courriel est en route. Son lien fonctionne pendant ${lifetime}.`,
      reset: (lifetime) =>
        `Si cette adresse a un compte, un courriel est en route. Son lien fonctionne une seule fois, pendant ${lifetime}.`,
      move: (lifetime) =>
        `Nous avons envoyé un courriel à cette adresse. Votre compte prendra cette adresse quand vous aurez ouvert le lien et donné votre mot de passe. Il fonctionne pendant ${lifetime}.`,
      undone: (lifetime) =>
        `Votre compte a repris cette adresse, et tous les appareils sont déconnectés. Nous avons envoyé un courriel avec le lien pour choisir un nouveau mot de passe. Il fonctionne une seule fois, pendant ${lifetime}.`,
      nothing:
        "Toujours rien après quelques minutes ? Regardez dans les courriers indésirables, vérifiez l’adresse, ou demandez un nouvel envoi.",
      again: "Renvoyer le courriel",
      sentAgain: "S’il y a un courriel à envoyer, nous l’avons renvoyé.",
      back: "Retour à la connexion",
      unsent: "Ce service est en développement : les courriels ne partent pas, ils attendent dans la boîte d’envoi.",
      outbox: "Ouvrir la boîte d’envoi",
    },
    account: {
      title: "Votre compte",
      back: "Retour à mon compte",
      cancel: "Annuler",
      switched: (email) =>
        `Ce formulaire avait été ouvert pour un autre compte. Vous utilisez maintenant celui de ${email} : rien n’a été modifié. Vérifiez que c’est le bon compte avant de l’envoyer.`,
      logOut: "Déconnexion",
      profile: "Profil",
      since: "Membre depuis le",
      confirmed: "Confirmée",
      unconfirmed: "Non confirmée",
      sendAgain: "Envoyer un lien de confirmation",
      email: "Adresse électronique",
      emailText:
        "Elle sert à vous connecter, et c’est là que nous vous écrivons. La nouvelle adresse prendra effet une fois confirmée.",
      changeEmail: "Changer d’adresse",
      emailTaken: "Cette adresse a déjà un compte. Choisissez-en une autre.",
      password: "Mot de passe",
      passwordText: "Le changer déconnecte tous vos autres appareils.",
      changePassword: "Changer de mot de passe",
      devices: "Appareils",
      devicesText:
        "Les appareils qui ont accès à votre compte. L’un d’eux n’est pas à vous ? Déconnectez-le et changez de mot de passe.",
      thisDevice: "Cet appareil",
      lastSeen: "Dernière activité :",
      endDevice: "Déconnecter",
      endThat: (device) => `Déconnecter ${device}`,
      endOthers: "Déconnecter tous les autres appareils",
      moreDevices: "Voir les autres appareils",
      fewerDevices: "Voir les appareils précédents",
      data: "Vos données",
      exportTitle: "Télécharger vos données",
      exportText: "Un fichier JSON avec tout ce que nous conservons à votre sujet.",
      export: "Télécharger",
      deleteTitle: "Supprimer votre compte",
      deleteText:
        "Tout ce qui vous concerne est effacé sur-le-champ, et personne ne pourra le rétablir. Nous vous envoyons un dernier courriel pour le confirmer.",
      toDelete: "Supprimer mon compte",
      delete: "Supprimer définitivement mon compte",
    },
    notices: {
      registered: "Votre compte est prêt. Connectez-vous avec le mot de passe que vous avez choisi.",
      logged_out: "Vous avez quitté votre compte sur cet appareil.",
      session_ended: "Votre session est terminée. Connectez-vous pour continuer.",
      login_needed: "Connectez-vous pour continuer.",
      password_changed: "Votre mot de passe a été changé, et vos autres appareils sont déconnectés.",
      password_reset: "Votre nouveau mot de passe est enregistré. Connectez-vous avec lui.",
      email_verified: "Votre adresse est confirmée.",
      email_changed: "L’adresse de votre compte a été changée.",
      device_ended: "L’appareil est déconnecté.",
      devices_ended: "Tous les autres appareils sont déconnectés.",
      account_deleted: "Votre compte a été supprimé. Au revoir !",
    },
    errors: {
      notFound: "Cette page n’existe pas",
      unavailable: "De retour dans un instant",
      internal: "Un problème est survenu chez nous",
      refused: "Cela n’a pas fonctionné",
      tryAgain: "Réessayer",
      home: "Aller à mon compte",
    },
    refusals: {
      form_stale: () =>
        "Cette page est restée ouverte trop longtemps. Redonnez votre mot de passe s’il est demandé, puis renvoyez-la. Si ce message revient, autorisez les cookies de ce site.",
      body_malformed: () => "Ce que le navigateur a envoyé est illisible. Revenez en arrière et réessayez.",
      body_too_large: () => "Ce texte est trop long. Revenez en arrière et raccourcissez-le.",
      body_type_unsupported: () => "Ce que le navigateur a envoyé est illisible. Revenez en arrière et réessayez.",
      cross_site: () =>
        "Cette demande venait d’un autre site et a été arrêtée pour vous protéger. Commencez plutôt ici.",
      field_missing: () => "Veuillez remplir ce champ.",
      field_repeated: () => "Ce que le navigateur a envoyé est illisible. Revenez en arrière et réessayez.",
      internal: () => "C’est notre faute, et c’est noté. Réessayez dans un moment.",
      method_not_allowed: () => "Cette page ne s’utilise pas ainsi. Revenez à votre compte.",
      not_found: () => "Vérifiez l’adresse : il y manque peut-être quelque chose, ou une faute s’y est glissée.",
      reset_delivery: () =>
        "Cela ne peut être demandé que depuis la machine du service. Faites-vous plutôt envoyer un lien.",
      email_invalid: () => "Cette adresse électronique n’est pas valide. Elle doit ressembler à nom@example.com.",
      email_taken: () =>
        "Cette adresse a déjà un compte. Connectez-vous, ou choisissez un nouveau mot de passe si vous avez oublié le vôtre.",
      email_unchanged: () => "C’est déjà votre adresse. Entrez celle que vous voulez utiliser désormais.",
      password_missing: () => "Veuillez choisir un mot de passe.",
      password_too_short: ({ least }) => `Ce mot de passe est trop court. Il lui faut au moins ${least} caractères.`,
      password_common: () => "Ce mot de passe est courant et serait vite deviné. Choisissez-en un autre.",
      password_personal: () =>
        "Ce mot de passe est trop proche de votre adresse ou du nom de ce service. Choisissez-en un autre.",
      password_breached: () =>
        "Ce mot de passe figure dans une fuite de données d’un autre site. Choisissez-en un autre, et changez-le partout où vous l’utilisez.",
      not_logged_in: () => "Vous n’avez pas de session ouverte. Connectez-vous pour continuer.",
      wrong_login: () =>
        "Adresse ou mot de passe incorrect. Réessayez ou, si vous l’avez oublié, choisissez un nouveau mot de passe.",
      email_not_verified: () =>
        "Votre adresse n’est pas encore confirmée. Ouvrez le lien que nous vous avons envoyé, ou demandez un nouvel envoi.",
      wrong_password: () => "Ce n’est pas votre mot de passe. Réessayez.",
      password_needed: () => "Veuillez entrer votre mot de passe pour continuer.",
      unknown_email: () => "Cette adresse électronique n’est pas valide. Elle doit ressembler à nom@example.com.",
      unknown_session: () => "Cet appareil est déjà déconnecté.",
      page_invalid: () => "Cette page d’appareils n’existe pas.",
      bad_reset_token: () => "Ce lien ne fonctionne plus. Demandez-en un nouveau.",
      bad_undo_token: () => "Ce lien ne fonctionne plus.",
      bad_verify_token: () => "Ce lien ne fonctionne plus. Demandez-en un nouveau.",
      locked: () =>
        "Trop de mots de passe incorrects de suite. Attendre n’y changera rien : faites-vous envoyer un lien par courriel et choisissez un nouveau mot de passe.",
      too_many_tries: ({ wait }) => `Trop de tentatives. Réessayez dans ${wait}.`,
      busy: ({ wait }) => `Il y a beaucoup de monde en ce moment. Réessayez dans ${wait}.`,
      database_unavailable: ({ wait }) => `Nos données sont inaccessibles pour le moment. Réessayez dans ${wait}.`,
    },
  },
  mails: {
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
  },
};
