/**
 * Returns the keys of a JSON object in their order, including repeated ones. JSON.parse keeps the last of two equal keys, other
 * parsers the first.
 *
 * @param json a well-formed JSON object
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
