/**
 * Describes the likely reason why a text is not a URL with one of these schemes. The description repeats no part of the text,
 * because any part can be a password.
 *
 * @param schemes with their slashes, such as `smtp://`
 */
export function describeUrlError(text: string, schemes: readonly string[]): string {
  const trimmed = text.replace(edges, "");
  if (/^["'`‘’“”]|["'`‘’“”]$/.test(trimmed)) return "remove the quotes around it";
  if (trimmed !== text) return "remove the spaces, line breaks or invisible characters around it";
  if (/^(host|hostaddr|port|user|password|dbname|server|data source|driver)\s*=/i.test(text)) {
    return "write it as a URL, not as keyword=value pairs";
  }
  if (/^(export\s+)?[A-Z][A-Z0-9_]*=/.test(text)) return "write only the value, without the name and =";
  const scheme = schemes.find((each) => text.toLowerCase().startsWith(each));
  if (scheme === undefined) return describeSchemeError(text, schemes);
  if (!text.startsWith(scheme)) return `write ${scheme} in lower case`;
  const rest = text.slice(scheme.length);
  if (/^\/|^$|^[^@]*@$/.test(rest)) return "the host is missing";
  if (/[\s\p{C}]/u.test(rest)) return "it contains a space, line break or invisible character; write a space as %20";
  const at = rest.lastIndexOf("@");
  const beforeHost = rest.slice(0, Math.max(0, at));
  const special =
    "special characters in the user or password must be percent-encoded (@ as %40, / as %2F, ? as %3F, # as %23)";
  if (/[@/?#]/.test(beforeHost)) return special;
  if (!isDecodable(text)) return "write a literal % as %25; every %XX must be part of valid UTF-8";
  const [authority = ""] = rest.slice(at + 1).split(/[/?#]/);
  const ports = authority.split(",").map((host) => /^(?:\[.*\]|[^[\]:]*):(.*)$/.exec(host)?.[1]);
  if (/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(authority)) return "write an IPv6 address in brackets, such as [::1]";
  // Without an @, this can also be a user and a password without a host.
  if (ports.some((port) => port !== undefined && !isPort(port))) {
    return at >= 0 ? "the port must be a number from 1 to 65535" : `the port is not a number, or ${special}`;
  }
  return "the host, or the part after it, is not valid";
}

function describeSchemeError(text: string, schemes: readonly string[]): string {
  const expected = `it must start with ${schemes.slice(0, -1).join(", ")} or ${schemes.at(-1)}`;
  if (schemes.some((each) => text.toLowerCase().startsWith(each.replace(/\/+$/, "")))) {
    return `${expected}, with two slashes`;
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(text) ? `unknown scheme: ${expected}` : `the scheme is missing: ${expected}`;
}

const edges = /^[\s\p{C}]+|[\s\p{C}]+$/gu;

export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** Returns true if every `%XX` in a text is part of valid UTF-8. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
