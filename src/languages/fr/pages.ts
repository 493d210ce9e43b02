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
    email: "Adresse e-mail",
    password: "Mot de passe",
    currentPassword: "Mot de passe actuel",
    chosenPassword: "Mot de passe",
    newPassword: "Nouveau mot de passe",
    newEmail: "Nouvelle adresse e-mail",
  },
  missing: {
    email: "Saisissez votre adresse e-mail.",
    password: "Saisissez votre mot de passe.",
    new_password: "Choisissez un mot de passe.",
  },
  invisibleCharacter: "Cette adresse contient un caractère invisible. Saisissez-la au lieu de la coller.",
  passwordHint: (minLength) =>
    minLength > 1
      ? `Au moins ${minLength} caractères. Quelques mots sans lien entre eux forment un mot de passe solide et facile à retenir.`
      : "Quelques mots sans lien entre eux forment un mot de passe solide et facile à retenir.",
  logIn: {
    title: "Connexion",
    submit: "Se connecter",
    forgot: "Mot de passe oublié ?",
    reset: "Réinitialiser le mot de passe",
    confirmFirst:
      "Vous venez de créer votre compte ? Confirmez d’abord votre adresse e-mail : ouvrez le lien que nous vous avons envoyé.",
    noAccount: "Pas encore de compte ?",
    register: "Créer un compte",
    switchAccount: (email) =>
      `Le compte ${email} est connecté sur cet appareil. Si vous vous connectez à un autre compte, ${email} sera déconnecté.`,
  },
  register: {
    title: "Créer un compte",
    submit: "Créer un compte",
    haveAccount: "Vous avez déjà un compte ?",
    logIn: "Se connecter",
  },
  logOut: {
    title: "Déconnexion",
    text: "Votre compte sera déconnecté de cet appareil. Il restera connecté sur vos autres appareils.",
    submit: "Se déconnecter",
    stay: "Ne pas se déconnecter",
  },
  forgot: {
    title: "Réinitialiser le mot de passe",
    text: "Saisissez votre adresse e-mail : nous vous enverrons un lien pour choisir un nouveau mot de passe.",
    submit: "Envoyer le lien",
    back: "Retour à la connexion",
  },
  reset: {
    title: "Choisir un nouveau mot de passe",
    text: "Le nouveau mot de passe remplacera l’ancien et tous les appareils de ce compte seront déconnectés.",
    otherAccount: (loggedIn) =>
      `Le compte ${loggedIn} est connecté sur cet appareil, mais ce lien concerne un autre compte, indiqué ci-dessous. Le compte ${loggedIn} restera connecté.`,
    submit: "Enregistrer le mot de passe",
  },
  verify: {
    title: "Confirmer votre adresse e-mail",
    text: "Saisissez le mot de passe choisi lors de la création de votre compte. Vous accéderez ensuite à votre compte.",
    submit: "Confirmer et se connecter",
    resendText: "Saisissez votre adresse e-mail : nous vous enverrons un nouveau lien de confirmation.",
    resend: "Renvoyer l’e-mail de confirmation",
    wrongPassword:
      "Ce n’est pas le mot de passe que vous avez choisi. Réessayez ou, si vous l’avez oublié, créez de nouveau votre compte.",
    locked: "Trop de mots de passe incorrects. Pour continuer, créez de nouveau votre compte.",
    otherAccount: (loggedIn) =>
      `Le compte ${loggedIn} est connecté sur cet appareil, mais ce lien concerne un autre compte, indiqué ci-dessous. Si vous continuez, le compte ${loggedIn} sera déconnecté.`,
    emailChangeOtherAccount: (loggedIn) =>
      `Le compte ${loggedIn} est connecté sur cet appareil, mais ce lien concerne un autre compte. Saisissez le mot de passe du compte qui a demandé le changement. Le compte ${loggedIn} sera alors déconnecté de cet appareil.`,
    emailChangeText: "Saisissez votre mot de passe pour associer cette adresse e-mail à votre compte.",
    emailChangeSubmit: "Confirmer l’adresse e-mail",
    deadLink:
      "Il a expiré, a déjà été utilisé ou a été remplacé par un lien plus récent. Si votre adresse est déjà confirmée, connectez-vous. Pour changer d’adresse, recommencez depuis votre compte. Sinon, demandez un nouveau lien.",
  },
  undo: {
    title: "Annuler le changement d’adresse e-mail",
    text: "Votre compte utilisera de nouveau cette adresse e-mail et tous ses appareils seront déconnectés. Nous enverrons à cette adresse un lien pour choisir un nouveau mot de passe. D’ici là, personne ne pourra se connecter.",
    submit: "Annuler le changement",
    emailTaken:
      "Un autre compte utilise maintenant cette adresse. Supprimez ce compte ou changez son adresse, puis rouvrez ce lien.",
    deadLink:
      "Il a expiré (au bout de 7 jours), a déjà été utilisé ou a été remplacé par un lien plus récent. Si vous l’avez utilisé, ouvrez le lien que nous vous avons envoyé ensuite pour choisir un nouveau mot de passe, ou demandez-en un nouveau.",
  },
  deadLink: {
    title: "Ce lien n’est plus valide",
    text: "Il a expiré, a déjà été utilisé ou a été remplacé par un lien plus récent. Demandez-en un nouveau.",
    submit: "Recevoir un nouveau lien",
  },
  mailbox: {
    title: "Consultez vos e-mails",
    confirm: (lifetime) =>
      `Nous avons envoyé un lien à cette adresse. Ouvrez-le pour confirmer votre adresse e-mail. Il expire dans ${lifetime}.`,
    waiting: (lifetime) =>
      `Si cette adresse est en attente de confirmation, nous y avons envoyé un lien. Il expire dans ${lifetime}.`,
    reset: (lifetime) =>
      `Si un compte existe avec cette adresse, nous y avons envoyé un lien pour choisir un nouveau mot de passe. Il ne fonctionne qu’une fois et expire dans ${lifetime}.`,
    emailChange: (lifetime) =>
      `Nous avons envoyé un lien à cette adresse. Ouvrez-le et saisissez votre mot de passe pour terminer le changement. Il expire dans ${lifetime}.`,
    undone: (lifetime) =>
      `Votre compte utilise de nouveau cette adresse et tous ses appareils ont été déconnectés. Nous avons envoyé un lien pour choisir un nouveau mot de passe. Il ne fonctionne qu’une fois et expire dans ${lifetime}.`,
    notReceived:
      "Aucun e-mail après quelques minutes ? Vérifiez vos courriers indésirables et l’orthographe de l’adresse, ou renvoyez l’e-mail.",
    resend: "Renvoyer l’e-mail",
    resent: "Si un e-mail est prévu pour cette adresse, nous l’avons renvoyé.",
    back: "Retour à la connexion",
    inDevelopment:
      "Ce service est en mode développement. Les e-mails ne sont pas envoyés. Vous pouvez les lire dans la boîte d’envoi.",
    outbox: "Ouvrir la boîte d’envoi",
  },
  account: {
    title: "Votre compte",
    back: "Retour à votre compte",
    cancel: "Annuler",
    accountSwitched: (email) =>
      `Ce formulaire a été ouvert pour un autre compte : rien n’a été modifié. Le compte ${email} est maintenant connecté. Vérifiez que c’est le bon compte avant de renvoyer le formulaire.`,
    logOut: "Se déconnecter",
    profile: "Profil",
    memberSince: "Membre depuis le",
    confirmed: "Confirmée",
    unconfirmed: "Non confirmée",
    sendConfirmation: "Envoyer l’e-mail de confirmation",
    email: "Adresse e-mail",
    emailText:
      "Vous vous connectez avec cette adresse, et nous y envoyons nos e-mails. Une nouvelle adresse prend effet dès que vous l’avez confirmée.",
    changeEmail: "Changer d’adresse e-mail",
    emailTaken: "Un compte existe déjà avec cette adresse. Utilisez-en une autre.",
    password: "Mot de passe",
    passwordText: "Changer de mot de passe déconnecte tous vos autres appareils.",
    changePassword: "Changer de mot de passe",
    devices: "Appareils",
    devicesText:
      "Ces appareils sont connectés à votre compte. Si l’un d’eux vous est inconnu, déconnectez-le et changez de mot de passe.",
    thisDevice: "Cet appareil",
    lastSeen: "Dernière activité :",
    logOutDevice: "Déconnecter",
    logOutNamedDevice: (device) => `Déconnecter ${device}`,
    logOutOthers: "Déconnecter tous les autres appareils",
    nextDevices: "Appareils suivants",
    previousDevices: "Appareils précédents",
    data: "Vos données",
    exportTitle: "Télécharger vos données",
    exportText: "Un fichier JSON contenant toutes les données que nous conservons sur vous.",
    export: "Télécharger",
    deleteTitle: "Supprimer votre compte",
    deleteText:
      "Votre compte et toutes ses données seront supprimés. Cette action est immédiate et irréversible. Nous vous enverrons un e-mail une fois la suppression effectuée.",
    openDelete: "Supprimer le compte",
    delete: "Supprimer définitivement le compte",
  },
  notices: {
    registered: "Votre compte a été créé. Connectez-vous avec votre mot de passe.",
    logged_out: "Votre compte a été déconnecté de cet appareil.",
    session_ended: "Votre session a pris fin. Reconnectez-vous pour continuer.",
    login_needed: "Connectez-vous pour continuer.",
    password_changed: "Votre mot de passe a été modifié et vos autres appareils ont été déconnectés.",
    password_reset: "Votre mot de passe a été modifié. Connectez-vous avec votre nouveau mot de passe.",
    email_verified: "Votre adresse e-mail a été confirmée.",
    email_changed: "Votre adresse e-mail a été modifiée.",
    device_ended: "L’appareil a été déconnecté.",
    devices_ended: "Tous les autres appareils ont été déconnectés.",
    account_deleted: "Votre compte a été supprimé.",
  },
  errors: {
    notFound: "Page introuvable",
    unavailable: "Service momentanément indisponible",
    internal: "Une erreur s’est produite",
    failed: "Votre demande n’a pas abouti",
    tryAgain: "Réessayer",
    home: "Accéder à votre compte",
  },
  refusals,
};
