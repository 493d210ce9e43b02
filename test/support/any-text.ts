import fc, { type StringConstraints } from "fast-check";

const firstSurrogate = 0xd800;
const surrogates = 0x800;

/** Generates any code point except surrogates. Creating fast-check's built-in unit `binary` takes most of a second. */
const character = fc.integer({ min: 0, max: 0x10ffff - surrogates }).map(
  (i) => String.fromCodePoint(i < firstSurrogate ? i : i + surrogates),
  (text) => {
    const [only, ...more] = typeof text === "string" ? text : [];
    const code = only?.codePointAt(0) ?? Number.NaN;
    if (more.length > 0 || !only?.isWellFormed()) throw new Error("not one character");
    return code < firstSurrogate ? code : code - surrogates;
  },
);

/** Generates strings of any code points except surrogates. */
export function anyText(constraints: Pick<StringConstraints, "minLength" | "maxLength"> = {}): fc.Arbitrary<string> {
  return fc.string({ unit: character, ...constraints });
}
