import { appendFileSync } from "node:fs";
import { getTestContext } from "node:test";
import { checkAnswer } from "./check.ts";

/** The file that lists the answers that the processes of a run have seen. */
const file = process.env.TEST_ANSWERS;
const seen = new Set<string>();
const mismatches = new Set<string>();

process.on("exit", () => {
  if (file !== undefined && seen.size > 0) appendFileSync(file, `${[...seen].join("\n")}\n`);
  if (mismatches.size === 0) return;
  console.error(`\nThese responses differ from their descriptions:\n${[...mismatches].join("\n")}`);
  process.exitCode = 1;
});

/**
 * Compares a response with its description, without delaying it. A mismatch fails the process when it exits: the test can have
 * ended before the body is read.
 */
export function watchAnswer(method: string, url: string, response: Response): Response {
  const { status, headers } = response;
  const test = getTestContext()?.name;
  // Without a Content-Type, the body is empty. Reading a clone would add a Content-Type to the response.
  const reading = headers.has("Content-Type") ? response.clone().text() : Promise.resolve("");
  void reading.then((body) => {
    try {
      const answer = checkAnswer({ method, url, status, headers, body });
      if (answer !== undefined) seen.add(answer);
    } catch (error) {
      mismatches.add(`${(error as Error).message}${test === undefined ? "" : ` (in the test "${test}")`}`);
    }
  });
  return response;
}

/** Compares the response to a request, which may be a promise, with its description. */
export function watchResponse(
  { method, url }: Request,
  response: Response | Promise<Response>,
): Response | Promise<Response> {
  if (response instanceof Promise) return response.then((each) => watchAnswer(method, url, each));
  return watchAnswer(method, url, response);
}
