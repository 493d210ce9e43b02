import type { MailKind } from "../mailer.ts";

/** Everything that people are told, in one language: a file of this shape is a language. */
export interface Messages {
  /** Above every mail. */
  readonly greeting: string;
  /** Above the link, for those whose mail program shows no button. */
  readonly plainLink: string;
  /** A browser on a system; both are names that are the same in every language. */
  device(browser: string, system: string): string;
  /** A device of which nothing is known. */
  readonly unknownDevice: string;
  readonly mails: { readonly [Kind in MailKind]: (facts: Facts) => MailText };
}

/** What a mail may name. A stranger writes none of it. */
export interface Facts {
  /** The service's name. */
  readonly service: string;
  /** How long the link works, in words. */
  readonly lifetime: string;
  /** When it happened, in words. */
  readonly time: string;
  /** On what device, in words. */
  readonly device: string;
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
