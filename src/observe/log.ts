/** Where events are told. A pino logger is one; `silent` is another. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Log = { info() {}, warn() {}, error() {} };

/** Warnings and errors, on the console of the program that this runs in. */
export const consoleLog: Log = {
  info() {},
  warn: (fields, message) => console.warn(`bienvenue: ${message}`, fields),
  error: (fields, message) => console.error(`bienvenue: ${message}`, fields),
};
