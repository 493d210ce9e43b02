/**
 * The cookies that a browser stores for one host (RFC 6265bis, 5.7). The jar rejects a Domain that is a public suffix or does not
 * match the host.
 */
export class CookieJar {
  readonly #host: string;
  readonly #suffixes: readonly string[];
  readonly #cookies = new Map<string, { name: string; value: string }>();

  constructor(host: string, suffixes: readonly string[] = ["test", "com"]) {
    this.#host = host;
    this.#suffixes = suffixes;
  }

  /** Stores the cookies that a response sets. */
  storeCookies(response: Response): void {
    for (const formatHeader of response.headers.getSetCookie()) this.setCookie(formatHeader);
  }

  setCookie(header: string): void {
    const [pair = "", ...attributes] = header.split("; ");
    const attribute = (attributeName: string) =>
      attributes.map((each) => each.split("=")).find(([name]) => name === attributeName)?.[1];
    const [name = ""] = pair.split("=");
    const value = pair.slice(name.length + 1);
    const domain = attribute("Domain");
    const isForHost = domain === undefined || this.#host === domain || this.#host.endsWith(`.${domain}`);
    if (!isForHost || (domain !== undefined && (this.#suffixes.includes(domain) || name.startsWith("__Host-")))) return;
    if (name.startsWith("__") && !attributes.includes("Secure")) return;
    const key = [name, domain ?? "", attribute("Path")].join("|");
    if (attribute("Max-Age") === "0") this.#cookies.delete(key);
    else this.#cookies.set(key, { name, value });
  }

  /** Returns the Cookie header in the order in which the cookies were set, or in reverse. A server can rely on neither order. */
  header(order: "old first" | "new first" = "old first"): string {
    const pairs = [...this.#cookies.values()].map(({ name, value }) => `${name}=${value}`);
    return (order === "old first" ? pairs : pairs.reverse()).join("; ");
  }

  get size(): number {
    return this.#cookies.size;
  }
}
