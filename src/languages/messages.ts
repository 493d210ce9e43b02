import type { MailTexts } from "./mails.ts";
import type { PageTexts } from "./pages.ts";

/** Everything that people are told, in one language: a file of this shape is a language. */
export interface Messages {
  /** Above every mail. */
  readonly greeting: string;
  /** Above the link, for those whose mail program shows no button. */
  readonly plainLink: string;
  /** What a link does, before its address. */
  introduceLink(link: string): string;
  /** A browser on a system; both are names that are the same in every language. */
  device(browser: string, system: string): string;
  /** A device of which nothing is known. */
  readonly unknownDevice: string;
  readonly pages: PageTexts;
  readonly mails: MailTexts;
}
