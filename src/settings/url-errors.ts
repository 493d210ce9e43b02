/**
 * Explains why a text is probably not a URL with one of these schemes. The explanation repeats nothing of the text, any part of
 * which may be a password.
 *
 * @param schemes as they are written, such as `smtp://`
 */
export function describeUrlError(text: string, schemes: readonly string[]): string {
  const trimmed = text.replace(edges, "");
  if (/^["'`‘’“”]|["'`‘’“”]$/.test(trimmed)) return "remove the quotes around it";
  if (trimmed !== text) return "remove the spaces, line ends or invisible characters around it";
  if (/^(host|hostaddr|port|user|password|dbname|server|data source|driver)\s*=/i.test(text)) {
    return "write it as a URL, not as keywords and values";
  }
  if (/^(export\s+)?[A-Z][A-Z0-9_]*=/.test(text)) return "write the value alone, without the name and = in front";
  const scheme = schemes.find((each) => text.toLowerCase().startsWith(each));
  if (scheme === undefined) return describeSchemeError(text, schemes);
  if (!text.startsWith(scheme)) return `write ${scheme} in lower case`;
  const rest = text.slice(scheme.length);
  if (/^\/|^$|^[^@]*@$/.test(rest)) return "the host is missing";
  if (/[\s\p{C}]/u.test(rest)) return "it has a space, line end or invisible character in it; write a space as %20";
  const at = rest.lastIndexOf("@");
  const beforeHost = rest.slice(0, Math.max(0, at));
  const special = "a special character in the user or password must be written %XX (@ is %40, / %2F, ? %3F, # %23)";
  if (/[@/?#]/.test(beforeHost)) return special;
  if (!isDecodable(text)) return "a % that is not part of a %XX must be written %25, and %XX must be UTF-8";
  const [authority = ""] = rest.slice(at + 1).split(/[/?#]/);
  const ports = authority.split(",").map((host) => /^(?:\[.*\]|[^[\]:]*):(.*)$/.exec(host)?.[1]);
  if (/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(authority)) return "write an IPv6 address in brackets, such as [::1]";
  // Without an @ after it, this may as well be a user and a password whose host is missing.
  if (ports.some((port) => port !== undefined && !isPort(port))) {
    return at >= 0 ? "the port must be a number from 1 to 65535" : `the port is not a number, or ${special}`;
  }
  return "the host, or what comes after it, is wrong";
}

function describeSchemeError(text: string, schemes: readonly string[]): string {
  const begin = `it must begin with ${schemes.slice(0, -1).join(", ")} or ${schemes.at(-1)}`;
  if (schemes.some((each) => text.toLowerCase().startsWith(each.replace(/\/+$/, "")))) {
    return `${begin}, with the two slashes`;
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(text) ? `unknown scheme: ${begin}` : `the scheme is missing: ${begin}`;
}

/** White space and invisible characters at either end. */
const edges = /^[\s\p{C}]+|[\s\p{C}]+$/gu;

export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** Whether every `%XX` in a text is part of valid UTF-8. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
