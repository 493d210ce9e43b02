import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Creates a private key and a self-signed certificate for `localhost` (X.509 v3, RFC 5280). */
export function createCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
  const name = sequence(tagged(0x31, sequence(Buffer.from("0603550403", "hex"), tagged(0x0c, "localhost"))));
  const day = 86_400_000;
  const [from, to] = [Date.now() - day, Date.now() + day].map((at) => tagged(0x17, utc(at))) as [Buffer, Buffer];
  const hosts = sequence(tagged(0x82, "localhost"));
  const alternativeNames = sequence(Buffer.from("0603551d11", "hex"), tagged(0x04, hosts));
  const content = sequence(
    tagged(0xa0, Buffer.from("020102", "hex")),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(from, to),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(alternativeNames)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", content, privateKey)]);
  const certificate = sequence(content, algorithm, tagged(0x03, signature));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`;
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** Encodes in DER: a tag, a length, the content. */
function tagged(tag: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  const { length } = bytes;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), bytes]);
}
