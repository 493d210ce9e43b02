type Work<First> = (first: First, ...rest: never[]) => unknown;

/** The functions of a group without their first parameter. */
type BoundFunctions<First, Group> = {
  [Name in keyof Group]: Group[Name] extends (first: First, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/**
 * Gives the named functions of a file their first parameter. An editor shows each with its own documentation, and leads to it:
 * that is why the file is passed as a namespace, and the names as text.
 *
 * @example
 * const sessions = bind(store, sessionsFile, "open", "endAll"); // sessionsFile: import * as sessionsFile from "./sessions.ts"
 * await sessions.endAll(userId);
 */
export function bind<First, Name extends string, File extends Record<Name, Work<First>>>(
  first: First,
  file: File,
  ...names: readonly Name[]
): BoundFunctions<First, Pick<File, Name>> {
  const bound = names.map((name) => [name, file[name].bind(undefined, first)] as const);
  return Object.fromEntries(bound) as BoundFunctions<First, Pick<File, Name>>;
}

/** What each function of a group makes of its only parameter. */
type PreparedFunctions<First, Group> = {
  [Name in keyof Group]: Group[Name] extends (first: First) => infer Result ? Result : never;
};

/** Like `bind`, for functions that prepare another one: it is made once, and called without anything in between. */
export function prepare<First, Name extends string, File extends Record<Name, (first: First) => unknown>>(
  first: First,
  file: File,
  ...names: readonly Name[]
): PreparedFunctions<First, Pick<File, Name>> {
  return Object.fromEntries(names.map((name) => [name, file[name](first)])) as PreparedFunctions<
    First,
    Pick<File, Name>
  >;
}

/** The intersection of several groups. */
type Intersection<Groups> = Groups extends readonly [infer First, ...infer Rest] ? First & Intersection<Rest> : unknown;

/**
 * Makes one group of several. Its type is an intersection, because the declaration files of the package would repeat the members of
 * a spread, without their documentation.
 */
export function merge<Groups extends readonly object[]>(...groups: Groups): Intersection<Groups> {
  return Object.assign({}, ...groups) as Intersection<Groups>;
}
