/** What an HTML email input accepts: https://html.spec.whatwg.org/#valid-e-mail-address */
const valid =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * One address, one account: trimmed and in lower case. Only ASCII is let in, so that no Unicode folding can make one
 * person's address look like another's.
 *
 * @returns null for what is no address, or longer than 250 characters
 */
export function normaliseEmail(text: string): string | null {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return null;
  const email = text.trim().toLowerCase();
  return email.length <= 250 && valid.test(email) ? email : null;
}
