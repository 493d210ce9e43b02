import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { errorCodes } from "../../src/http/error-codes.ts";
import { chooseLanguage, type Language, languages, messages, toLanguage } from "../../src/languages/languages.ts";
import { anyText } from "../support/any-text.ts";

/** Returns the path and type of every message. */
function paths(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, each]) => paths(each, `${path}.${key}`));
}

test("all languages have the same texts", () => {
  const expected = paths(messages.en).sort();
  assert.ok(expected.length > 10);
  for (const language of languages) {
    assert.deepEqual(paths(messages[language]).sort(), expected, language);
    const facts = {
      service: "Example",
      support: null,
      lifetime: "1 hour",
      time: "now",
      until: "then",
      device: "Firefox",
      forgot: "https://x",
    };
    const mails = Object.values(messages[language].mails).flatMap((mail) =>
      [1, 2, 60].map((times) => mail({ ...facts, times })),
    );
    const { greeting, plainLink, unknownDevice, device } = messages[language];
    const texts = [greeting, plainLink, unknownDevice, device("Firefox", "Windows")];
    texts.push(...mails.flatMap(({ subject, before, link, after }) => [subject, ...before, link, ...after]));
    for (const text of texts) assert.match(text, /^\S.*\S$/, language);
    for (const { before } of mails) assert.notEqual(before.length, 0, language);
  }
});

/** Returns every text of the pages with its path, made from the same values in every language. */
function pageTexts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    const facts = path.startsWith(".refusals") ? { minLength: 8, wait: "2 s" } : path === ".passwordHint" ? 8 : "FACT";
    return [[path, value(facts)]];
  }
  return Object.entries(value as object).flatMap(([key, each]) => pageTexts(each, `${path}.${key}`));
}

test("every text of a page is translated, and contains the same values in every language", () => {
  const english = new Map(pageTexts(messages.en.pages));
  assert.ok(english.size > 120);
  for (const language of languages) {
    const { pages } = messages[language];
    assert.deepEqual(Object.keys(pages.refusals).sort(), ["form_stale", "locked", ...Object.keys(errorCodes)].sort());
    for (const [path, text] of pageTexts(pages)) {
      assert.match(text, /^\S.*\S$/, `${language}${path}`);
      assert.doesNotMatch(text, /undefined|\[object/, `${language}${path}`);
      if (text.length > 20 && language !== "en") assert.notEqual(text, english.get(path), `${language}${path}`);
      for (const fact of ["FACT", "2 s", "8"]) {
        assert.equal(text.includes(fact), english.get(path)?.includes(fact), `${language}${path}: ${fact}`);
      }
    }
  }
});

/** Returns every text of the emails with its path. */
function mailTexts(language: Language): [string, string][] {
  const { greeting, plainLink, introduceLink, unknownDevice, mails } = messages[language];
  const facts = {
    service: "Service",
    support: null,
    lifetime: "1 hour",
    time: "now",
    until: "then",
    device: "Firefox",
    forgot: "https://x",
  };
  const mailEntries = Object.entries(mails).flatMap(([kind, mail]) => {
    const composed = [1, 60].map((times) => mail({ ...facts, times }));
    const texts = composed.flatMap(({ subject, before, link, after }) => [subject, ...before, link, ...after]);
    return texts.map((text): [string, string] => [kind, text]);
  });
  return [
    ["greeting", greeting],
    ["plainLink", plainLink],
    ["introduced", introduceLink("Link")],
    ["device", unknownDevice],
    ...mailEntries,
  ];
}

test("in French a non-breaking space separates a word from the punctuation mark after it", () => {
  const texts = [...pageTexts(messages.fr.pages), ...mailTexts("fr")];
  assert.ok(texts.filter(([, text]) => /\u00a0[:;!?]/.test(text)).length > 30);
  for (const [path, text] of texts) assert.doesNotMatch(text, /[^\u00a0](?:[;!?»]|:(?!\/\/))|«(?!\u00a0)/, path);
});

test("Intl supports every language", () => {
  assert.deepEqual(Intl.DateTimeFormat.supportedLocalesOf(languages), languages);
});

describe("Accept-Language", () => {
  const cases: Record<string, string> = {
    "": "en",
    fr: "fr",
    FR: "fr",
    "fr-CA": "fr",
    "fr-Latn-CA-x-private": "fr",
    "fr-CA,fr;q=0.8,en-US;q=0.5,en;q=0.3": "fr",
    "en-GB,en;q=0.9,fr;q=0.8": "en",
    "en;q=0.3, fr;q=0.301": "fr",
    "en;q=0.3,fr;q=0.3": "en",
    "fr;q=0.3,en;q=0.3": "fr",
    "xx, fr;q=0.1": "fr",
    "xx,yy;q=0.9": "en",
    "*": "en",
    "*;q=0.1, fr": "fr",
    "fr;q=0.1, *": "en",
    "en;q=0.1, *": "fr",
    "en;q=0, *": "fr",
    "en;q=0": "en",
    "fr;q=0": "en",
    "fr;q=0.000, en;q=0.001": "en",
    "  fr  ;  q=1.0 , en;q=0.5": "fr",
    "fr;q=2": "en",
    "fr;q=1.5, en;q=0.1": "en",
    "fr;q=-1": "en",
    "fr;q=NaN": "en",
    "fr;q=": "en",
    "fr;level=1": "en",
    "french, en;q=0.1": "en",
    "f\u0433": "en",
    fr_FR: "en",
    "constructor, __proto__, toString": "en",
    ";;;,,,;q=;*;=": "en",
    "\0fr": "en",
  };
  test("the supported language with the highest quality is chosen, or English if there is none", () => {
    for (const [header, language] of Object.entries(cases)) assert.equal(chooseLanguage(header), language, header);
    assert.equal(chooseLanguage(undefined), "en");
  });

  test("a very long header is not read to its end", () => {
    assert.equal(chooseLanguage(`fr;q=0.5,${"x,".repeat(1_000_000)}`), "fr");
    assert.equal(chooseLanguage(`${"x,".repeat(1000)}fr`), "en");
    for (const piece of [" ", "-", ";", "*", "fr;", "q=1", "\t;"]) {
      assert.ok(languages.includes(chooseLanguage(`fr${piece.repeat(100_000)}!`)));
    }
  });

  test("any header results in a language", () => {
    const pieces = fc.array(fc.constantFrom("fr", "en", "*", "-", ";", "q=", "0.", "1", ",", " ", "\u0130", "\0"));
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(),
          pieces.map((each) => each.join("")),
        ),
        (header) => {
          assert.ok(languages.includes(chooseLanguage(header)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test("the tag of a supported language is converted to that language, and any other tag to English", () => {
  for (const language of languages) assert.equal(toLanguage(language), language);
  for (const tag of ["xx", "", "FR", "constructor", "fr-CA"]) assert.equal(toLanguage(tag), "en");
});
