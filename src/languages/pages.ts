import type { RefusalTexts } from "./refusals.ts";

/** The texts of all pages in one language. A `title` is both the heading of a page and the title of its browser tab. */
export interface PageTexts {
  /** The name of the language in that language. */
  readonly language: string;
  /** Returns the title of the browser tab for a page that reports an error. */
  errorTitle(title: string): string;
  /** The label of the language links, for screen readers. */
  readonly languages: string;
  readonly support: string;
  readonly terms: string;
  readonly privacy: string;
  readonly show: string;
  readonly hide: string;
  readonly showPassword: string;
  readonly hidePassword: string;
  /** The labels of the form fields. */
  readonly fields: {
    readonly email: string;
    readonly password: string;
    readonly currentPassword: string;
    readonly chosenPassword: string;
    readonly newPassword: string;
    readonly newEmail: string;
  };
  /** The error messages of empty fields. */
  readonly missing: Readonly<Record<"email" | "password" | "new_password", string>>;
  /** The error message of an email address with an invisible character. */
  readonly invisibleCharacter: string;
  passwordHint(minLength: number): string;
  readonly logIn: {
    readonly title: string;
    readonly submit: string;
    readonly forgot: string;
    /** The label of the password reset link after a failed login. */
    readonly reset: string;
    /** Shown after every wrong login, so that the text does not reveal whether a registration is pending. */
    readonly confirmFirst: string;
    readonly noAccount: string;
    readonly register: string;
    /** Shown if an account is already logged in on this device. */
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
    /** Shown if a different account than that of the link is logged in on this device. */
    otherAccount(loggedIn: string): string;
    readonly submit: string;
  };
  readonly verify: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    readonly resendText: string;
    readonly resend: string;
    /** Shown if the password differs from that of the registration. */
    readonly wrongPassword: string;
    /** Shown after too many wrong passwords. A new registration sends a new link and replaces the password. */
    readonly locked: string;
    /** Shown if a different account than that of the link is logged in on this device. */
    otherAccount(loggedIn: string): string;
    emailChangeOtherAccount(loggedIn: string): string;
    /** Shown if the link completes an email change. */
    readonly emailChangeText: string;
    readonly emailChangeSubmit: string;
    /** Shown instead of `deadLink.text`, because the address may already be verified. */
    readonly deadLink: string;
  };
  /** The page that undoes an email change. */
  readonly undo: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
    /** Shown if a different account now has the previous address. */
    readonly emailTaken: string;
    /** Shown instead of `deadLink.text`. */
    readonly deadLink: string;
  };
  /** The page of a link that has been used, has expired or has been replaced. */
  readonly deadLink: {
    readonly title: string;
    readonly text: string;
    readonly submit: string;
  };
  /** The page that asks visitors to check their email. `lifetime` is the lifetime of the link in words. */
  readonly mailbox: {
    readonly title: string;
    confirm(lifetime: string): string;
    /** Does not reveal whether a verification is pending. */
    waiting(lifetime: string): string;
    reset(lifetime: string): string;
    emailChange(lifetime: string): string;
    /** Shown after the undo of an email change. */
    undone(lifetime: string): string;
    readonly notReceived: string;
    readonly resend: string;
    /** Does not reveal whether an email was sent. */
    readonly resent: string;
    readonly back: string;
    /** Shown in development mode to visitors on the machine that runs the service. */
    readonly inDevelopment: string;
    readonly outbox: string;
  };
  readonly account: {
    readonly title: string;
    readonly back: string;
    readonly cancel: string;
    /** Shown if a form was not processed because a different account has logged in since the page was opened. */
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
    /** The label of `logOutDevice` for screen readers. */
    logOutNamedDevice(device: string): string;
    readonly logOutOthers: string;
    readonly nextDevices: string;
    readonly previousDevices: string;
    readonly data: string;
    readonly exportTitle: string;
    readonly exportText: string;
    readonly export: string;
    readonly deleteTitle: string;
    readonly deleteText: string;
    readonly openDelete: string;
    readonly delete: string;
  };
  /** Shown on the next page after an action. */
  readonly notices: Readonly<Record<NoticeCode, string>>;
  /** The titles and buttons of error pages. */
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
