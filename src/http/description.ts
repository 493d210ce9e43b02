import type { z } from "zod";
import type { ErrorCode } from "../errors.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Fields of a body, query parameters or path parameters. All of them are strings, and required unless optional in the schema. */
export type TextFields = z.ZodObject<Readonly<Record<string, z.ZodType<string | undefined, string | undefined>>>>;

/**
 * Describes one method of a path as data. The app reads requests as described, and documentation is generated from it. Schemas are
 * behind functions because building all of them would slow down the start.
 *
 * @example
 * const description = {
 *   summary: "Ends the other sessions of the user.",
 *   session: "required",
 *   answers: () => ({ 200: { description: "All other sessions have ended.", json: z.object({ message: z.literal("other sessions ended") }) } }),
 *   refusals: [],
 * } as const satisfies Description;
 */
export interface Description {
  /** One sentence, beginning with a verb. */
  readonly summary: string;
  /** The fields of the request body. */
  readonly fields?: () => TextFields;
  readonly query?: () => TextFields;
  /** The first value of a repeated query parameter is used. Without this, a repeated parameter gets `field_repeated`. */
  readonly allowsRepeatedQuery?: true;
  /** The parameters in the path. */
  readonly path?: () => TextFields;
  /** Whether the endpoint uses the session cookie. `required` implies the refusal `not_logged_in`. */
  readonly session?: "required" | "optional";
  /** The endpoint hashes a password. If the hash queue is full, requests get `busy` before their body is read. */
  readonly hashesPassword?: true;
  /** An HTML page. Its error responses can be HTML. The page itself checks the origin of a form and reads the fields. */
  readonly isPage?: true;
  /** The responses with a status below 400, by status. */
  readonly answers: () => Readonly<Record<number, AnswerDescription>>;
  /**
   * The error codes of this endpoint, without those that follow from the other parts (`listRefusals`). If `field_missing` is one of them, a request without a
   * required field gets it. Otherwise the handler receives an empty string for the field.
   */
  readonly refusals: readonly ErrorCode[];
}

export interface AnswerDescription {
  /** When the endpoint sends this response, in sentences. */
  readonly description: string;
  /** The whole JSON body. An answer with neither `json` nor `content` has an empty body. */
  readonly json?: z.ZodType;
  /** The media types of a body that is not JSON, without parameters. */
  readonly content?: readonly string[];
  /** The headers that this answer can have in addition to those of every response, with their meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The descriptions of a path, by method. */
export type Descriptions = Readonly<Partial<Record<Method, Description>>>;

/** Returns all error codes of an endpoint: its `refusals`, and those that follow from the other parts of its description. */
export function listRefusals(method: Method, description: Description): ErrorCode[] {
  const { fields, query, allowsRepeatedQuery, session, hashesPassword, refusals } = description;
  return [
    ...(method === "GET" ? [] : (["cross_site"] as const)),
    ...(fields ? (["body_malformed", "body_too_large", "body_type_unsupported"] as const) : []),
    ...(fields || (query && !allowsRepeatedQuery) ? (["field_repeated"] as const) : []),
    ...(session === "required" ? (["not_logged_in"] as const) : []),
    ...(hashesPassword ? (["busy"] as const) : []),
    "database_unavailable",
    "internal",
    ...refusals,
  ];
}
