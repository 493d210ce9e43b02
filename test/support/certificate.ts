import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Creates a private key and a self-signed certificate for `localhost` (X.509 v3, RFC 5280). */
export function createCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = encodeSequence(Buffer.from("06082a8648ce3d040302", "hex"));
  const name = encodeSequence(
    encodeDer(0x31, encodeSequence(Buffer.from("0603550403", "hex"), encodeDer(0x0c, "localhost"))),
  );
  const day = 86_400_000;
  const [from, to] = [Date.now() - day, Date.now() + day].map((at) => encodeDer(0x17, formatUtcTime(at))) as [
    Buffer,
    Buffer,
  ];
  const hosts = encodeSequence(encodeDer(0x82, "localhost"));
  const alternativeNames = encodeSequence(Buffer.from("0603551d11", "hex"), encodeDer(0x04, hosts));
  const content = encodeSequence(
    encodeDer(0xa0, Buffer.from("020102", "hex")),
    encodeDer(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    encodeSequence(from, to),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    encodeDer(0xa3, encodeSequence(alternativeNames)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", content, privateKey)]);
  const certificate = encodeSequence(content, algorithm, encodeDer(0x03, signature));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

function formatUtcTime(at: number): string {
  return `${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`;
}

function encodeSequence(...parts: Buffer[]): Buffer {
  return encodeDer(0x30, Buffer.concat(parts));
}

/** Encodes a value in DER: tag, length, content. */
function encodeDer(tag: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  const { length } = bytes;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), bytes]);
}
