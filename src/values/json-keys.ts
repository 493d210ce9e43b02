/**
 * The keys of a JSON object in the order they were written, a repeated one as often as it is there: JSON.parse keeps the last
 * of two, and other parsers the first.
 *
 * @param json the text of an object, well-formed
 */
export function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let last = "";
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token !== ":") last = token;
    else if (depth === 1) keys.push(JSON.parse(last));
  }
  return keys;
}
