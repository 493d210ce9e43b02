import { isIPv6 } from "node:net";

/**
 * Returns the URL of the service for programs on this machine.
 *
 * @param host the address or name that the service listens on; 0.0.0.0 and :: become `localhost`
 */
export function localUrl(host: string, port: number): string {
  const [address = "", zone] = host.split("%");
  // Brackets as in RFC 3986, 3.2.2. The URL parser normalizes the address, as clients do for the Host header.
  const name = URL.parse(isIPv6(address) ? `http://[${address}]` : `http://${host}`)?.hostname ?? host;
  if (["0.0.0.0", "[::]", "[::ffff:0:0]"].includes(name)) return `http://localhost:${port}`;
  // The zone of a link-local address (RFC 6874).
  return `http://${zone === undefined ? name : name.replace("]", `%25${zone}]`)}:${port}`;
}
