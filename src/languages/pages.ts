import type { RefusalTexts } from "./refusals.ts";

/** What the pages say. A title stands on its page and names its tab. */
export interface PageTexts {
  /** What the language calls itself. */
  readonly language: string;
  /** The title of a page that tells of a failure. */
  errorTitle(title: string): string;
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
  /** The address contains a character that cannot be seen. */
  readonly invisibleCharacter: string;
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
    readonly noAccount: string;
    readonly register: string;
    /** To whom another account is logged in here already. */
    switchAccount(email: string): string;
  };
  readonly register: {
    readonly title: string;
    readonly submit: string;
    readonly haveAccount: string;
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
    otherAccount(loggedIn: string): string;
    readonly submit: string;
  };
  readonly verify: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    readonly resendText: string;
    readonly resend: string;
    /** The password is not the one that the address was registered with. */
    readonly wrongPassword: string;
    /** Too many were not: a new link, and with it another password, is had by registering alone. */
    readonly locked: string;
    /** Another account is logged in here than the one that is confirmed, or moves. */
    otherAccount(loggedIn: string): string;
    emailChangeOtherAccount(loggedIn: string): string;
    /** To whose account moves to the address. */
    readonly emailChangeText: string;
    readonly emailChangeSubmit: string;
    /** In place of `deadLink.text`: it may have done all there was to do. */
    readonly deadLink: string;
  };
  /** Where a move is undone. */
  readonly undo: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    /** Another account has the address by now. */
    readonly emailTaken: string;
    /** In place of `deadLink.text`. */
    readonly deadLink: string;
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
    /** The address may have no pending verification. */
    waiting(lifetime: string): string;
    reset(lifetime: string): string;
    move(lifetime: string): string;
    /** After the undo of an email change: the email with the link to choose a new password. */
    undone(lifetime: string): string;
    readonly notReceived: string;
    readonly resend: string;
    /** Whether there was one is not told. */
    readonly resent: string;
    readonly back: string;
    /** To whoever develops, on the service's own machine. */
    readonly inDevelopment: string;
    readonly outbox: string;
  };
  readonly account: {
    readonly title: string;
    readonly back: string;
    readonly cancel: string;
    /** Nothing was done, because another account has logged in after the form was displayed. */
    accountSwitched(email: string): string;
    readonly logOut: string;
    readonly profile: string;
    readonly memberSince: string;
    readonly confirmed: string;
    readonly unconfirmed: string;
    readonly sendConfirmation: string;
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
    readonly logOutDevice: string;
    /** The same, for those who do not see which device it stands beside. */
    logOutNamedDevice(device: string): string;
    readonly logOutOthers: string;
    readonly moreDevices: string;
    readonly fewerDevices: string;
    readonly data: string;
    readonly exportTitle: string;
    readonly exportText: string;
    readonly export: string;
    readonly deleteTitle: string;
    readonly deleteText: string;
    readonly openDelete: string;
    readonly delete: string;
  };
  /** What was done, as the next page says. */
  readonly notices: Readonly<Record<NoticeCode, string>>;
  /** Pages in place of the one that was asked for. */
  readonly errors: {
    readonly notFound: string;
    readonly unavailable: string;
    readonly internal: string;
    readonly failed: string;
    readonly tryAgain: string;
    readonly home: string;
  };
  readonly refusals: RefusalTexts;
}

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
