import { existsSync, readdirSync } from "node:fs";
import "./v8.js";

// Fills the compile cache. A start that finds one source file missing from it loads the TypeScript compiler, 15 MB. The published
// package has no TypeScript.
const sources = new URL("../src/", import.meta.url);
if (existsSync(sources)) {
  for (const file of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".ts")) await import(new URL(file.replaceAll("\\", "/"), sources).href);
  }
}
