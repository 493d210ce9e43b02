type FunctionOf<First> = (first: First, ...rest: never[]) => unknown;

/** A group of functions without their first parameter. */
type BoundFunctions<First, Group> = {
  [Name in keyof Group]: Group[Name] extends (first: First, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/**
 * Binds the first parameter of the named functions of a file. The file is passed as a namespace and the names as strings, so that
 * editors show the documentation of each function and jump to its declaration.
 *
 * @example
 * const sessions = bind(store, sessionsFile, "open", "endAll"); // sessionsFile: import * as sessionsFile from "./sessions.ts"
 * await sessions.endAll(userId);
 */
export function bind<First, Name extends string, Functions extends Record<Name, FunctionOf<First>>>(
  first: First,
  file: Functions,
  ...names: readonly Name[]
): BoundFunctions<First, Pick<Functions, Name>> {
  const bound = names.map((name) => [name, file[name].bind(undefined, first)] as const);
  return Object.fromEntries(bound) as BoundFunctions<First, Pick<Functions, Name>>;
}

/** The results of a group of functions with one parameter. */
type PreparedFunctions<First, Group> = {
  [Name in keyof Group]: Group[Name] extends (first: First) => infer Result ? Result : never;
};

/** Like `bind`, for functions that return a function. They are called once, so calls of the result have no overhead. */
export function prepare<First, Name extends string, Functions extends Record<Name, (first: First) => unknown>>(
  first: First,
  file: Functions,
  ...names: readonly Name[]
): PreparedFunctions<First, Pick<Functions, Name>> {
  return Object.fromEntries(names.map((name) => [name, file[name](first)])) as PreparedFunctions<
    First,
    Pick<Functions, Name>
  >;
}

type Intersection<Groups> = Groups extends readonly [infer First, ...infer Rest] ? First & Intersection<Rest> : unknown;

/**
 * Merges groups into one. The type is an intersection, because the package's declaration files would repeat the members of a
 * spread without their documentation.
 */
export function merge<Groups extends readonly object[]>(...groups: Groups): Intersection<Groups> {
  return Object.assign({}, ...groups) as Intersection<Groups>;
}
