import type { RefusalTexts } from "../refusals.ts";

export const refusals: RefusalTexts = {
  form_stale: () =>
    "Cette page est restée ouverte trop longtemps. Redonnez votre mot de passe s’il est demandé, puis renvoyez-la. Si ce message revient, autorisez les cookies de ce site.",
  body_malformed: () => "Ce que le navigateur a envoyé est illisible. Revenez en arrière et réessayez.",
  body_too_large: () => "Ce texte est trop long. Revenez en arrière et raccourcissez-le.",
  body_type_unsupported: () => "Ce que le navigateur a envoyé est illisible. Revenez en arrière et réessayez.",
  cross_site: () => "Cette demande venait d’un autre site et a été arrêtée pour vous protéger. Commencez plutôt ici.",
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
  password_too_short: ({ minLength }) =>
    `Ce mot de passe est trop court. Il lui faut au moins ${minLength} caractères.`,
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
};
