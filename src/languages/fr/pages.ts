import type { PageTexts } from "../pages.ts";
import { refusals } from "./refusals.ts";

export const pages: PageTexts = {
  language: "Français",
  errorTitle: (title) => `Erreur : ${title}`,
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
  invisibleCharacter: "Cette adresse contient un caractère invisible. Tapez-la au lieu de la coller.",
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
    noAccount: "Pas encore de compte ?",
    register: "Créer un compte",
    switchAccount: (email) =>
      `Vous utilisez déjà le compte de ${email} ici. Si vous ouvrez un autre compte, celui-ci sera déconnecté.`,
  },
  register: {
    title: "Créez votre compte",
    submit: "Créer mon compte",
    haveAccount: "Déjà un compte ?",
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
    otherAccount: (loggedIn) =>
      `Ce lien concerne un autre compte, celui ci-dessous. Vous utilisez ici celui de ${loggedIn}, qui reste ouvert.`,
    submit: "Enregistrer le mot de passe",
  },
  verify: {
    title: "Confirmez votre adresse",
    text: "Entrez le mot de passe que vous avez choisi, pour que nous sachions que c’est vous. La connexion suivra.",
    submit: "Confirmer et me connecter",
    resendText: "Donnez-nous votre adresse électronique : nous vous renverrons le lien qui la confirme.",
    resend: "Renvoyer le lien",
    wrongPassword:
      "Ce n’est pas le mot de passe que vous avez choisi. Réessayez ou, si vous l’avez oublié, inscrivez-vous à nouveau.",
    locked: "Trop de mots de passe incorrects de suite. Attendre n’y changera rien : inscrivez-vous à nouveau.",
    otherAccount: (loggedIn) =>
      `Ce lien concerne un autre compte, celui ci-dessous. Vous utilisez ici celui de ${loggedIn} : il sera déconnecté de cet appareil quand vous confirmerez.`,
    emailChangeOtherAccount: (loggedIn) =>
      `Ce lien concerne un autre compte que celui de ${loggedIn}, que vous utilisez ici. Donnez le mot de passe du compte qui a demandé ce changement : il s’ouvrira, et celui de ${loggedIn} sera déconnecté de cet appareil.`,
    emailChangeText:
      "Entrez votre mot de passe, pour que nous sachions que c’est vous. Votre compte prendra alors cette adresse.",
    emailChangeSubmit: "Confirmer mon adresse",
    deadLink:
      "Il a déjà servi, il est trop ancien, ou un lien plus récent a été envoyé. Si vous avez déjà confirmé votre adresse, connectez-vous. Si vous changiez d’adresse, recommencez depuis votre compte. Sinon, demandez un nouveau lien.",
  },
  undo: {
    title: "Annulez le changement d’adresse",
    text: "Votre compte reprend cette adresse, et tous les appareils sont déconnectés. Personne ne peut se connecter tant que vous n’avez pas choisi un nouveau mot de passe : nous envoyons un lien pour cela à cette adresse.",
    submit: "Annuler le changement",
    emailTaken:
      "Un autre compte a maintenant cette adresse. Supprimez ce compte ou changez son adresse, puis rouvrez ce lien.",
    deadLink:
      "Il a déjà servi, il date de plus de 7 jours, ou un lien plus récent a été envoyé. Si vous l’avez utilisé, cherchez notre courriel avec le lien pour choisir un nouveau mot de passe, ou faites-en envoyer un autre.",
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
    notReceived:
      "Toujours rien après quelques minutes ? Regardez dans les courriers indésirables, vérifiez l’adresse, ou demandez un nouvel envoi.",
    resend: "Renvoyer le courriel",
    resent: "S’il y a un courriel à envoyer, nous l’avons renvoyé.",
    back: "Retour à la connexion",
    inDevelopment:
      "Ce service est en développement : les courriels ne partent pas, ils attendent dans la boîte d’envoi.",
    outbox: "Ouvrir la boîte d’envoi",
  },
  account: {
    title: "Votre compte",
    back: "Retour à mon compte",
    cancel: "Annuler",
    accountSwitched: (email) =>
      `Ce formulaire avait été ouvert pour un autre compte. Vous utilisez maintenant celui de ${email} : rien n’a été modifié. Vérifiez que c’est le bon compte avant de l’envoyer.`,
    logOut: "Déconnexion",
    profile: "Profil",
    memberSince: "Membre depuis le",
    confirmed: "Confirmée",
    unconfirmed: "Non confirmée",
    sendConfirmation: "Envoyer un lien de confirmation",
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
    logOutDevice: "Déconnecter",
    logOutNamedDevice: (device) => `Déconnecter ${device}`,
    logOutOthers: "Déconnecter tous les autres appareils",
    moreDevices: "Voir les autres appareils",
    fewerDevices: "Voir les appareils précédents",
    data: "Vos données",
    exportTitle: "Télécharger vos données",
    exportText: "Un fichier JSON avec tout ce que nous conservons à votre sujet.",
    export: "Télécharger",
    deleteTitle: "Supprimer votre compte",
    deleteText:
      "Tout ce qui vous concerne est effacé sur-le-champ, et personne ne pourra le rétablir. Nous vous envoyons un dernier courriel pour le confirmer.",
    openDelete: "Supprimer mon compte",
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
    failed: "Cela n’a pas fonctionné",
    tryAgain: "Réessayer",
    home: "Aller à mon compte",
  },
  refusals,
};
