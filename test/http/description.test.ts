import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { descriptions } from "../../src/app.ts";

const endpoints = Object.entries(descriptions).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, description]) => ({ name: `${method} ${path}`, description })),
);

test("every field, parameter and JSON property has a JSON Schema and a description", () => {
  for (const { name, description } of endpoints) {
    const { fields, query, path, answers } = description;
    const inputs = [fields?.(), query?.(), path?.()].filter((each) => each !== undefined);
    const outputs = Object.values(answers()).flatMap(({ json }) => json ?? []);
    for (const schema of inputs) assert.deepEqual(undescribed(z.toJSONSchema(schema, { io: "input" })), [], name);
    for (const schema of outputs) assert.deepEqual(undescribed(z.toJSONSchema(schema)), [], name);
  }
});

test("every endpoint, response and header is described in sentences", () => {
  for (const { name, description } of endpoints) {
    const answers = Object.values(description.answers());
    const headers = answers.flatMap((answer) => Object.values(answer.headers ?? {}));
    for (const text of [description.summary, ...answers.map((answer) => answer.description), ...headers])
      assert.match(text, /^[`A-Z].*\.$/s, name);
  }
});

/** Returns the properties without a description. A constant needs none. */
function undescribed({ properties = {}, items, anyOf = [] }: z.core.JSONSchema.BaseSchema): string[] {
  const nested = [...Object.values(properties), ...[items ?? []].flat(), ...anyOf].filter(
    (each) => typeof each === "object",
  );
  const own = Object.entries(properties).filter(
    ([, each]) => typeof each === "object" && each.description === undefined && each.const === undefined,
  );
  return [...own.map(([name]) => name), ...nested.flatMap(undescribed)];
}
