import { isIPv6 } from "node:net";

/**
 * The URL under which a program on this machine reaches the service.
 *
 * @param host what it listens on; an address that stands for all becomes `localhost`
 */
export function localUrl(host: string, port: number): string {
  const [address = "", zone] = host.split("%");
  // In brackets (RFC 3986, 3.2.2), and in the only spelling that the Host header may have.
  const name = URL.parse(isIPv6(address) ? `http://[${address}]` : `http://${host}`)?.hostname ?? host;
  if (["0.0.0.0", "[::]", "[::ffff:0:0]"].includes(name)) return `http://localhost:${port}`;
  // With the zone of a link-local address (RFC 6874).
  return `http://${zone === undefined ? name : name.replace("]", `%25${zone}]`)}:${port}`;
}
