import type { MailTexts } from "./mails.ts";
import type { PageTexts } from "./pages.ts";

/** All texts of one language. */
export interface Messages {
  /** The first line of every email. */
  readonly greeting: string;
  /** Introduces the URL under the button in the HTML part of an email. */
  readonly plainLink: string;
  /** Introduces the URL in the plain-text part of an email. `link` is the label of the button in the HTML part. */
  introduceLink(link: string): string;
  /** Returns the name of a device. `browser` and `system` are not translated. */
  device(browser: string, system: string): string;
  readonly unknownDevice: string;
  readonly pages: PageTexts;
  readonly mails: MailTexts;
}
