import { MIMEType } from "node:util";
import { topLevelKeys } from "../values/json-keys.ts";
import { readBody } from "./body.ts";
import type { RequestContext } from "./caller.ts";
import { RequestError } from "./refusals.ts";

/** More than any form has, but too few to keep a core busy. */
const maxFields = 100;

/** All fields of a body, in order. A name can be repeated. */
export type Fields = readonly (readonly [name: string, value: unknown])[];

type Parser = (bytes: Uint8Array, contentType: string) => Fields | Promise<Fields>;

const parsers: Readonly<Record<string, Parser>> = {
  "application/x-www-form-urlencoded": parseUrlencoded,
  "multipart/form-data": parseMultipart,
  "application/json": parseJson,
};

/**
 * Reads the named fields of a urlencoded, multipart or JSON body. A field that is missing, empty or not text is undefined. Other
 * fields are ignored.
 *
 * @throws {RequestError} `body_malformed`, `body_too_large`, `body_type_unsupported`, or `field_repeated` for a field that is
 * repeated, an array, an object or a file
 */
export async function readFields<Name extends string>(
  c: RequestContext,
  ...names: Name[]
): Promise<Record<Name, string | undefined>> {
  const bytes = await readBody(c.req.raw);
  // Without a prototype, `__proto__` is a name like any other.
  const values: Record<Name, string | undefined> = Object.create(null);
  if (bytes.length === 0) return values;
  const fields = await parse(bytes, c.req.header("Content-Type") ?? "", c.req.header("Content-Encoding"));
  if (fields.length > maxFields) throw new RequestError("body_malformed", `the body has over ${maxFields} fields`);
  const seen = new Set<string>();
  for (const [key, value] of fields) {
    // Browsers put the encoding of the form here (https://html.spec.whatwg.org/#attr-fe-name-charset).
    if (key === "_charset_" && value !== "" && !isUtf8.test(String(value).toLowerCase())) {
      throw new RequestError("body_malformed", "the body is not UTF-8");
    }
    // Some clients write arrays as `email[]` or `email[0]`.
    const name = key.split("[", 1)[0] as Name;
    if (!names.includes(name)) continue;
    if (seen.has(name) || key !== name || (typeof value === "object" && value !== null)) {
      throw new RequestError("field_repeated", `${name} must be given once, as text`);
    }
    seen.add(name);
    if (typeof value !== "string" || value === "") continue;
    if (!value.isWellFormed()) throw new RequestError("body_malformed", `the body is not well-formed Unicode: ${name}`);
    values[name] = value;
  }
  return values;
}

/**
 * Returns the value of a field.
 *
 * @throws {RequestError} `field_missing` if it is undefined
 */
export function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new RequestError("field_missing", `${name} is missing`);
  return value;
}

async function parse(bytes: Uint8Array, contentType: string, encoding = "identity"): Promise<Fields> {
  const [type = ""] = contentType.split(";", 1);
  const name = type.toLowerCase().trim();
  const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
  if (!parser || encoding !== "identity" || !isUtf8.test(charsetOf(contentType.toLowerCase()))) {
    throw new RequestError(
      "body_type_unsupported",
      "the body must be application/x-www-form-urlencoded, multipart/form-data or application/json, in plain UTF-8",
    );
  }
  return parser(bytes, contentType);
}

function parseUrlencoded(bytes: Uint8Array): Fields {
  const fields: [string, string][] = [];
  for (const pair of decode(bytes).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const end = equals === -1 ? pair.length : equals;
    fields.push([percentDecode(pair.slice(0, end)), percentDecode(pair.slice(end + 1))]);
  }
  return fields;
}

/** Decodes like the URL standard, but rejects bytes that are not UTF-8, because two different passwords could become equal. */
function percentDecode(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => decode(Buffer.from(escaped.replaceAll("%", ""), "hex"), utf8Exactly));
}

/** Returns the charset of a media type in lower case; UTF-8 if it has none. */
function charsetOf(mediaType: string): string {
  const [, charset] = /(?:^|;)\s*charset\s*=([^;]*)/.exec(mediaType) ?? [];
  return charset?.replace(/["'\s]/g, "") ?? "utf-8";
}

const isUtf8 = /^(utf-?8|us-ascii)$/;

async function parseMultipart(bytes: Uint8Array, contentType: string): Promise<Fields> {
  requirePlainParts(decode(bytes), contentType);
  try {
    const form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
    return [...form.entries()];
  } catch {
    throw new RequestError("body_malformed", "the body is not well-formed multipart/form-data");
  }
}

/**
 * Rejects parts that are not plain UTF-8. The platform's parser decodes base64 without checking for UTF-8, and ignores other
 * transfer encodings and charsets, so two different passwords could become equal. RFC 7578 (section 4.7) requires plain parts.
 *
 * @throws {RequestError} `body_malformed`
 */
function requirePlainParts(text: string, contentType: string): void {
  const boundary = boundaryOf(contentType);
  if (!boundary) return;
  // Includes the dashes, because a boundary such as `Transfer` can also occur in a header name.
  for (const part of text.split(`--${boundary}`).slice(1)) {
    const [head = ""] = part.split("\r\n\r\n", 1);
    for (const [, name = "", value = ""] of head.toLowerCase().matchAll(/^[ \t]*([\w-]+)[ \t]*:(.*)$/gm)) {
      const isPlain =
        name === "content-transfer-encoding"
          ? /^(7bit|8bit|binary)$/.test(value.trim())
          : name !== "content-type" || isUtf8.test(charsetOf(value));
      if (!isPlain) throw new RequestError("body_malformed", "the body has a part that is not plain UTF-8");
    }
  }
}

/** Returns the boundary that the platform's parser uses; undefined if the Content-Type is invalid. */
function boundaryOf(contentType: string): string | undefined {
  try {
    return new MIMEType(contentType).params.get("boundary") ?? undefined;
  } catch {
    return undefined;
  }
}

function parseJson(bytes: Uint8Array): Fields {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError("body_malformed", "the body is not well-formed JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RequestError("body_malformed", "the body must be a JSON object");
  }
  const members = value as Record<string, unknown>;
  return topLevelKeys(text).map((key) => [key, members[key]]);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Keeps a leading byte order mark, because it is part of a password. */
const utf8Exactly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, decoder = utf8): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RequestError("body_malformed", "the body is not UTF-8");
  }
}
