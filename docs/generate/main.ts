import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { generateDocuments } from "./documents.ts";
import { generators } from "./generators.ts";

for (const { path, current, generated } of await generateDocuments(generators)) {
  if (generated === current) continue;
  await writeFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), generated);
  console.log(`wrote ${path}`);
}
