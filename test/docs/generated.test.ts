import assert from "node:assert/strict";
import { test } from "node:test";
import { generateDocuments } from "../../docs/generate/documents.ts";
import { generators } from "../../docs/generate/generators.ts";

test("every generated document is current", async () => {
  for (const { path, current, generated } of await generateDocuments(generators))
    assert.equal(current, generated, `${path} is not current: run npm run docs`);
});

test("a document without the markers of a generated part is an error", async () => {
  const generator = { path: "README.md", part: "unknown", text: () => "" };
  await assert.rejects(generateDocuments([generator]), { message: "README.md must have the part unknown once" });
});
