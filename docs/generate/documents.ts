import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Generator } from "./generator.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface GeneratedDocument {
  readonly path: string;
  /** The text on the disk; empty if there is no such file. */
  readonly current: string;
  /** The text with current generated parts. */
  readonly generated: string;
}

/**
 * Generates all documents without writing them.
 *
 * @throws {Error} if a document does not have the markers of a part
 */
export async function generateDocuments(generators: readonly Generator[]): Promise<GeneratedDocument[]> {
  const documents: GeneratedDocument[] = [];
  for (const [path, generatorsOfPath] of Map.groupBy(generators, (generator) => generator.path)) {
    const current = await readFile(root + path, "utf8").catch(() => "");
    let generated = current;
    for (const { part, text } of generatorsOfPath) {
      generated = part === undefined ? await text() : replacePart(path, generated, part, await text());
    }
    documents.push({ path, current, generated });
  }
  return documents;
}

function replacePart(path: string, document: string, part: string, text: string): string {
  const [begin, end] = [`<!-- generated:${part} -->\n`, `<!-- /generated:${part} -->`];
  const [before = "", rest, ...more] = document.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined || more.length > 0) throw new Error(`${path} must have the part ${part} once`);
  return `${before}${begin}${text}${end}${after}`;
}
