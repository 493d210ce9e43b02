import type { RefusalCode } from "../errors.ts";

/** Every mail that is sent. Those with a link hold a token. */
export type MailKind =
  | "confirm_email"
  | "already_registered"
  | "invitation"
  | "reset_password"
  | "password_changed"
  | "new_device"
  | "email_changing"
  | "email_changed"
  | "email_change_undone"
  | "account_deleted"
  | "account_removed"
  | "confirm_new_email"
  | "test";

/** Everything that people are told, in one language: a file of this shape is a language. */
export interface Messages {
  /** Above every mail. */
  readonly greeting: string;
  /** Above the link, for those whose mail program shows no button. */
  readonly plainLink: string;
  /** What a link does, before its address. */
  introduced(link: string): string;
  /** A browser on a system; both are names that are the same in every language. */
  device(browser: string, system: string): string;
  /** A device of which nothing is known. */
  readonly unknownDevice: string;
  readonly pages: PageWords;
  readonly mails: { readonly [Kind in MailKind]: (facts: Facts) => MailText };
}

/** What a mail may name. A stranger writes none of it. */
export interface Facts {
  /** The service's name. */
  readonly service: string;
  /** Where people get help: an address; null if there is none. */
  readonly support: string | null;
  /** How long the link works, in words. */
  readonly lifetime: string;
  /** When it happened, in words. */
  readonly time: string;
  /** When a link ends that works from then on, in words. */
  readonly until: string;
  /** On what device, in words. */
  readonly device: string;
  /** How many events it reports; time and device are those of the last. */
  readonly times: number;
  /** Where a forgotten password is replaced; shown as a link. */
  readonly forgot: string;
}

/** What one mail says: its link stands between what is `before` and what is `after`, a paragraph each. */
export interface MailText {
  readonly subject: string;
  readonly before: readonly string[];
  /** What the link does, as its button says. */
  readonly link: string;
  readonly after: readonly string[];
}

/** What the pages say. A title stands on its page and names its tab. */
export interface PageWords {
  /** What the language calls itself. */
  readonly language: string;
  /** The title of a page that tells of a failure. */
  failed(title: string): string;
  /** What the links to the other languages are, for those who do not see them. */
  readonly languages: string;
  readonly support: string;
  readonly terms: string;
  readonly privacy: string;
  readonly show: string;
  readonly hide: string;
  readonly showPassword: string;
  readonly hidePassword: string;
  /** What each field is called. */
  readonly fields: {
    readonly email: string;
    readonly password: string;
    readonly currentPassword: string;
    readonly chosenPassword: string;
    readonly newPassword: string;
    readonly newEmail: string;
  };
  /** What to do with each that was left empty. */
  readonly missing: Readonly<Record<"email" | "password" | "new_password", string>>;
  /** For an address with an invisible character in it. */
  readonly invisible: string;
  /** What a new password has to be: of so many characters at least. */
  passwordHint(least: number): string;
  readonly logIn: {
    readonly title: string;
    readonly submit: string;
    readonly forgot: string;
    /** After a login that failed. */
    readonly reset: string;
    /** After a wrong login, to everyone alike: a registration that was never confirmed opens nothing. */
    readonly confirmFirst: string;
    readonly stranger: string;
    readonly register: string;
    /** To whom another account is logged in here already. */
    switching(email: string): string;
  };
  readonly register: {
    readonly title: string;
    readonly submit: string;
    readonly known: string;
    readonly logIn: string;
  };
  readonly logOut: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    readonly stay: string;
  };
  readonly forgot: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    readonly back: string;
  };
  readonly reset: {
    readonly title: string;
    readonly text: string;
    /** Another account is logged in here than the one of the link. */
    other(loggedIn: string): string;
    readonly submit: string;
  };
  readonly verify: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    readonly again: string;
    readonly sendAgain: string;
    /** The password is not the one that the address was registered with. */
    readonly wrongPassword: string;
    /** Too many were not: a new link, and with it another password, is had by registering alone. */
    readonly locked: string;
    /** Another account is logged in here than the one that is confirmed, or moves. */
    other(loggedIn: string): string;
    moveOther(loggedIn: string): string;
    /** To whose account moves to the address. */
    readonly moveText: string;
    readonly moveSubmit: string;
    /** In place of `deadLink.text`: it may have done all there was to do. */
    readonly dead: string;
  };
  /** Where a move is undone. */
  readonly undo: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    /** Another account has the address by now. */
    readonly taken: string;
    /** In place of `deadLink.text`. */
    readonly dead: string;
  };
  /** A link that was used, is too old, or was replaced. */
  readonly deadLink: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
  };
  /** What waits in the mailbox: a link that works for so long. */
  readonly mailbox: {
    readonly title: string;
    confirm(lifetime: string): string;
    /** Of an address that may have nothing to confirm. */
    waiting(lifetime: string): string;
    reset(lifetime: string): string;
    move(lifetime: string): string;
    /** After a move was undone: the mail to choose a new password. */
    undone(lifetime: string): string;
    readonly nothing: string;
    readonly again: string;
    /** Whether there was one is not told. */
    readonly sentAgain: string;
    readonly back: string;
    /** To whoever develops, on the service's own machine. */
    readonly unsent: string;
    readonly outbox: string;
  };
  readonly account: {
    readonly title: string;
    readonly back: string;
    readonly cancel: string;
    /** Nothing was done, because another account, this one, has logged in since the form was shown. */
    switched(email: string): string;
    readonly logOut: string;
    readonly profile: string;
    readonly since: string;
    readonly confirmed: string;
    readonly unconfirmed: string;
    readonly sendAgain: string;
    readonly email: string;
    readonly emailText: string;
    readonly changeEmail: string;
    readonly emailTaken: string;
    readonly password: string;
    readonly passwordText: string;
    readonly changePassword: string;
    readonly devices: string;
    readonly devicesText: string;
    readonly thisDevice: string;
    readonly lastSeen: string;
    readonly endDevice: string;
    /** The same, for those who do not see which device it stands beside. */
    endThat(device: string): string;
    readonly endOthers: string;
    readonly moreDevices: string;
    readonly fewerDevices: string;
    readonly data: string;
    readonly exportTitle: string;
    readonly exportText: string;
    readonly export: string;
    readonly deleteTitle: string;
    readonly deleteText: string;
    readonly toDelete: string;
    readonly delete: string;
  };
  /** What was done, as the next page says. */
  readonly notices: Readonly<Record<NoticeCode, string>>;
  /** Pages in place of the one that was asked for. */
  readonly errors: {
    readonly notFound: string;
    readonly unavailable: string;
    readonly internal: string;
    readonly refused: string;
    readonly tryAgain: string;
    readonly home: string;
  };
  /** Every refusal: what it is, and what to do. */
  readonly refusals: Readonly<Record<RefusalCode | PageRefusalCode, (facts: RefusalFacts) => string>>;
}

/** What pages alone refuse, or tell apart. */
export type PageRefusalCode = "form_stale" | "locked";

export type NoticeCode =
  | "registered"
  | "logged_out"
  | "session_ended"
  | "login_needed"
  | "password_changed"
  | "password_reset"
  | "email_verified"
  | "email_changed"
  | "device_ended"
  | "devices_ended"
  | "account_deleted";

/** What a refusal may name. */
export interface RefusalFacts {
  /** The fewest characters of a password. */
  readonly least: number;
  /** Until it is worth trying again, in words. */
  readonly wait: string;
}
