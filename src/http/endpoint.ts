import type { z } from "zod";
import type { ResponseHeaders } from "./answers.ts";
import type { RequestContext } from "./caller.ts";
import type { Description, TextFields } from "./description.ts";
import { readFields, required } from "./fields.ts";
import { RequestError } from "./refusals.ts";
import type { Endpoint, Handler, Service } from "./service.ts";

type Texts<Fields> = Fields extends () => infer Schema
  ? Schema extends TextFields
    ? z.input<Schema>
    : unknown
  : unknown;

/** The described fields, query parameters and path parameters of a request. A missing or empty optional field is undefined. */
export type Input<D extends Description> = Texts<D["fields"]> & Texts<D["query"]> & Texts<D["path"]>;

type AnswersByStatus<D extends Description> = ReturnType<D["answers"]>;
type StatusOf<D extends Description> = Extract<keyof AnswersByStatus<D>, number>;
type AnswerOf<D extends Description, Status> = Status extends keyof AnswersByStatus<D>
  ? AnswersByStatus<D>[Status]
  : never;
type JsonOf<Answer> = Answer extends { readonly json: infer Schema extends z.ZodType } ? z.input<Schema> : never;
type HeaderOf<Answer> = Answer extends { readonly headers: infer Described } ? keyof Described : never;
type ContentStatusOf<D extends Description> = {
  [Status in StatusOf<D>]: AnswerOf<D, Status> extends { readonly content: readonly string[] } ? Status : never;
}[StatusOf<D>];

type KeyOf<T> = T extends unknown ? keyof T : never;
/** Rejects properties other than `Known`. TypeScript itself rejects them only in object literals. */
type Exact<Value, Known> = Value & { readonly [Name in Exclude<keyof Value, Known>]: never };

/** `Answers` that accepts only described statuses, bodies and headers. */
export interface DescribedAnswers<D extends Description> {
  json<Status extends StatusOf<D>, Body extends JsonOf<AnswerOf<D, Status>>, More extends ResponseHeaders>(
    status: Status,
    body: Exact<Body, KeyOf<JsonOf<AnswerOf<D, Status>>>>,
    headers?: Exact<More, HeaderOf<AnswerOf<D, Status>>>,
  ): Response;
  redirect<More extends ResponseHeaders, Status extends StatusOf<D> & (302 | 303) = StatusOf<D> & 302>(
    location: string,
    headers?: Exact<More, HeaderOf<AnswerOf<D, Status>>>,
    status?: Status,
  ): Response;
  content<Status extends ContentStatusOf<D>, More extends ResponseHeaders & { readonly "Content-Type": string }>(
    status: Status,
    body: string,
    headers: Exact<More, HeaderOf<AnswerOf<D, Status>> | "Content-Type">,
  ): Response;
}

/** A service that accepts only described responses. */
export type DescribedService<D extends Description> = Omit<Service, "answers"> & {
  readonly answers: DescribedAnswers<D>;
};

/**
 * Creates an endpoint from its description and its handler. The handler receives the described fields, query parameters and path
 * parameters. A handler without any is used directly.
 *
 * @param create returns the handler, once per app, or null if the service does not have this endpoint
 */
export function endpoint<const D extends Description>(
  description: D,
  create: (
    service: DescribedService<D>,
  ) => ((c: RequestContext, input: Input<D>) => Response | Promise<Response>) | null,
): Endpoint {
  return {
    description,
    create(service) {
      const handler = create(service as unknown as DescribedService<D>);
      if (!handler) return null;
      if (!description.fields && !description.query && !description.path) return handler as Handler;
      const read = createInputReader(description);
      return async (c) => handler(c, (await read(c)) as Input<D>);
    },
  };
}

type Values = Record<string, string | undefined>;

function createInputReader(description: Description): (c: RequestContext) => Promise<Values> {
  const { fields, query, path, allowsRepeatedQuery } = description;
  const rejectsMissing = description.refusals.includes("field_missing");
  let names: { fields: string[]; requiredFields: string[]; query: string[]; path: string[] } | undefined;
  return async (c) => {
    names ??= {
      fields: namesOf(fields?.()),
      requiredFields: requiredNamesOf(fields?.()),
      query: namesOf(query?.()),
      path: namesOf(path?.()),
    };
    const input: Values = fields ? await readFields(c, ...names.fields) : {};
    for (const name of names.requiredFields)
      input[name] = rejectsMissing ? required(input[name], name) : (input[name] ?? "");
    for (const name of names.query) input[name] = allowsRepeatedQuery ? c.req.query(name) : readParameter(c, name);
    for (const name of names.path) input[name] = c.req.param(name) ?? "";
    return input;
  };
}

function namesOf(schema?: TextFields): string[] {
  return Object.keys(schema?.shape ?? {});
}

function requiredNamesOf(schema?: TextFields): string[] {
  return Object.entries(schema?.shape ?? {}).flatMap(([name, field]) => (field.isOptional() ? [] : [name]));
}

/**
 * Returns a query parameter, or undefined if it is missing.
 *
 * @throws {RequestError} `field_repeated`
 */
function readParameter(c: RequestContext, name: string): string | undefined {
  const [value, ...others] = c.req.queries(name) ?? [];
  if (others.length > 0) throw new RequestError("field_repeated", `${name} must be given once, as text`);
  return value;
}
