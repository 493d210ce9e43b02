import fc, { type StringConstraints } from "fast-check";

const firstSurrogate = 0xd800;
const surrogates = 0x800;

/** Any code point except surrogates. The built-in unit `binary` of fast-check takes most of a second to create. */
const character = fc.integer({ min: 0, max: 0x10ffff - surrogates }).map(
  (i) => String.fromCodePoint(i < firstSurrogate ? i : i + surrogates),
  (text) => {
    const [only, ...more] = typeof text === "string" ? text : [];
    const code = only?.codePointAt(0) ?? Number.NaN;
    if (more.length > 0 || !only?.isWellFormed()) throw new Error("not one character");
    return code < firstSurrogate ? code : code - surrogates;
  },
);

/** Generates strings of any characters. */
export function anyText(constraints: Pick<StringConstraints, "minLength" | "maxLength"> = {}): fc.Arbitrary<string> {
  return fc.string({ unit: character, ...constraints });
}
