import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { endpoint } from "../../src/http/endpoint.ts";
import { checkAnswer } from "./descriptions/check.ts";

const url = "http://localhost/profile";
const answer = {
  method: "GET",
  url,
  status: 200,
  headers: new Headers({ "Content-Type": "application/json" }),
  body: '{"email":"bob@example.com"}\n',
};
const refusal = {
  ...answer,
  status: 403,
  headers: new Headers({ "Content-Type": "application/json", "Error-Code": "not_logged_in" }),
  body: '{"message":"not logged in"}\n',
};
const withHeaders = (headers: Headers, more: Record<string, string>) =>
  new Headers([...headers, ...Object.entries(more)]);

test("a response that matches its description passes", () => {
  assert.equal(checkAnswer(answer), "GET /profile 200");
  assert.equal(checkAnswer({ ...answer, method: "HEAD", body: "" }), "GET /profile 200");
  assert.equal(checkAnswer(refusal), "GET /profile not_logged_in");
  assert.equal(
    checkAnswer({ ...answer, method: "DELETE", url: "http://localhost//", body: '{"message":"Bienvenue"}\n' }),
    "DELETE / 200",
  );
});

test("a response that differs from its description is reported", () => {
  const wrong = [
    { ...answer, status: 201 },
    { ...answer, url: "http://localhost/unknown" },
    { ...answer, body: '{"email":"bob@example.com","id":1}\n' },
    { ...answer, body: '{"email":1}\n' },
    { ...answer, body: '{"email":"bob@example.com"}' },
    { ...answer, headers: withHeaders(answer.headers, { "Set-Cookie": "a=b" }) },
    { ...answer, headers: new Headers({ "Content-Type": "text/html" }), body: "<p>" },
    { ...answer, headers: new Headers(), body: "" },
    { ...refusal, status: 401 },
    { ...refusal, headers: withHeaders(answer.headers, { "Error-Code": "unknown" }) },
    { ...refusal, headers: withHeaders(answer.headers, { "Error-Code": "wrong_password" }) },
    { ...refusal, headers: answer.headers },
    { ...refusal, headers: withHeaders(refusal.headers, { Allow: "GET" }) },
    { ...refusal, body: '{"message":"not logged in","id":1}\n' },
    { ...refusal, body: '{"message":"something else"}\n' },
  ];
  for (const each of wrong) assert.throws(() => checkAnswer(each), assert.AssertionError, JSON.stringify(each));
});

test("a handler that differs from its description does not compile", () => {
  const description = {
    summary: "Greets.",
    fields: () => z.object({ name: z.string(), title: z.string().optional() }),
    answers: () => ({
      200: { description: "A greeting.", json: z.object({ text: z.string() }), headers: { "Content-Language": "en" } },
      302: { description: "A redirect.", headers: { Location: "`/`" } },
    }),
    refusals: [],
  } as const;
  endpoint(description, ({ answers }) => (_, { name, title }) => {
    // @ts-expect-error: an optional field can be undefined
    title.trim();
    // @ts-expect-error: the status is not described
    answers.json(201, { text: name });
    // @ts-expect-error: the body has more than its description
    answers.json(200, { text: name, more: 1 });
    // @ts-expect-error: the body has less than its description
    answers.json(200, {});
    // @ts-expect-error: the header is not described
    answers.json(200, { text: name }, { "Set-Cookie": "a=b" });
    // @ts-expect-error: this answer has no JSON body
    answers.json(302, { text: name });
    // @ts-expect-error: this answer has only a JSON body
    answers.content(200, name, { "Content-Type": "text/plain" });
    const body = { text: name, more: 1 };
    // @ts-expect-error: the body in a variable has more than its description
    answers.json(200, body);
    const headers = { "Content-Language": "en", "Set-Cookie": "a=b" };
    // @ts-expect-error: a header in a variable is not described
    answers.json(200, { text: name }, headers);
    // @ts-expect-error: the header of a redirect is not described
    answers.redirect("/", { "Set-Cookie": "a=b" });
    // @ts-expect-error: the status is not described
    answers.redirect("/", {}, 303);
    // @ts-expect-error: a handler throws its refusals
    answers.refuse({ code: "busy", status: 503, message: "" });
    // @ts-expect-error: the status 204 is not described
    answers.noContent();
    answers.redirect("/");
    return answers.json(200, { text: name }, { "Content-Language": "en" });
  });
  endpoint(description, ({ answers }) => {
    // @ts-expect-error: the field is not described
    return (_, { email }) => answers.json(200, { text: email });
  });
  // @ts-expect-error: the error code does not exist
  endpoint({ ...description, refusals: ["unknown"] }, () => null);
  // @ts-expect-error: an endpoint must have a description
  endpoint(() => () => new Response());
});
