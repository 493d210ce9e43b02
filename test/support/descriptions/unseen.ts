// Prints the described answers that no test of a run has seen. The argument is the file that lists the answers that tests have seen.
import { readFileSync } from "node:fs";
import { descriptions } from "../../../src/app.ts";

const seen = new Set(readFileSync(process.argv[2] ?? "", "utf8").split("\n"));
const unseen = Object.entries(descriptions).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { answers, refusals }]) =>
    [...Object.keys(answers()), ...refusals]
      .map((answer) => `${method} ${path} ${answer}`)
      .filter((answer) => !seen.has(answer)),
  ),
);
if (unseen.length > 0) console.log(`ℹ described, but seen by no test: ${unseen.join(", ")}`);
