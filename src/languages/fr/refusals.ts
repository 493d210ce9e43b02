import type { RefusalTexts } from "../refusals.ts";

export const refusals: RefusalTexts = {
  form_stale: () =>
    "Cette page est restée ouverte trop longtemps. Renvoyez le formulaire, avec votre mot de passe s’il est demandé. Si ce message réapparaît, autorisez les cookies pour ce site.",
  body_malformed: () => "Nous n’avons pas pu lire le formulaire. Revenez en arrière et réessayez.",
  body_too_large: () => "Le texte est trop long. Revenez en arrière et raccourcissez-le.",
  body_type_unsupported: () => "Nous n’avons pas pu lire le formulaire. Revenez en arrière et réessayez.",
  cross_site: () =>
    "Cette demande provenait d’un autre site : nous l’avons bloquée pour vous protéger. Recommencez depuis votre compte.",
  field_missing: () => "Remplissez ce champ.",
  field_repeated: () => "Nous n’avons pas pu lire le formulaire. Revenez en arrière et réessayez.",
  internal: () => "Le problème vient de notre côté et a été enregistré. Réessayez plus tard.",
  method_not_allowed: () => "Cette page ne permet pas cette action. Recommencez depuis votre compte.",
  not_found: () => "Vérifiez que l’adresse est complète et sans faute de frappe.",
  reset_delivery: () =>
    "Cette action n’est possible que depuis le serveur qui héberge le service. Demandez plutôt un lien de réinitialisation par e-mail.",
  email_invalid: () => "Saisissez une adresse e-mail valide, par exemple nom@example.com.",
  email_taken: () =>
    "Un compte existe déjà avec cette adresse. Connectez-vous ou, si vous avez oublié votre mot de passe, réinitialisez-le.",
  email_unchanged: () => "C’est déjà votre adresse e-mail. Saisissez-en une autre.",
  password_missing: () => "Choisissez un mot de passe.",
  password_too_short: ({ minLength }) => `Ce mot de passe est trop court. Utilisez au moins ${minLength} caractères.`,
  password_common: () => "Ce mot de passe est courant et facile à deviner. Choisissez-en un autre.",
  password_personal: () =>
    "Ce mot de passe ressemble trop à votre adresse e-mail ou au nom de ce service. Choisissez-en un autre.",
  password_breached: () =>
    "Ce mot de passe figure dans une fuite de données d’un autre site. Choisissez-en un autre et changez-le partout où vous l’utilisez.",
  not_logged_in: () => "Aucun compte n’est connecté. Connectez-vous pour continuer.",
  wrong_login: () => "Adresse e-mail ou mot de passe incorrect. Réessayez ou réinitialisez votre mot de passe.",
  email_not_verified: () =>
    "Votre adresse e-mail n’est pas encore confirmée. Ouvrez le lien que nous vous avons envoyé ou demandez-en un nouveau.",
  wrong_password: () => "Mot de passe incorrect. Réessayez.",
  password_needed: () => "Saisissez votre mot de passe pour continuer.",
  unknown_email: () => "Saisissez une adresse e-mail valide, par exemple nom@example.com.",
  unknown_session: () => "Cet appareil est déjà déconnecté.",
  page_invalid: () => "Cette page de la liste des appareils n’existe pas.",
  bad_reset_token: () => "Ce lien n’est plus valide. Demandez-en un nouveau.",
  bad_undo_token: () => "Ce lien n’est plus valide.",
  bad_verify_token: () => "Ce lien n’est plus valide. Demandez-en un nouveau.",
  locked: () => "Trop de mots de passe incorrects. Pour continuer, réinitialisez votre mot de passe.",
  too_many_tries: ({ wait }) => `Trop de tentatives. Réessayez dans ${wait}.`,
  busy: ({ wait }) => `Le service est surchargé. Réessayez dans ${wait}.`,
  database_unavailable: ({ wait }) => `Le service est momentanément indisponible. Réessayez dans ${wait}.`,
};
