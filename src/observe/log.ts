/** A logger, such as pino's. `silent` discards everything. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Log = { info() {}, warn() {}, error() {} };

/** Writes warnings and errors to the console. */
export const consoleLog: Log = {
  info() {},
  warn: (fields, message) => console.warn(`bienvenue: ${message}`, fields),
  error: (fields, message) => console.error(`bienvenue: ${message}`, fields),
};
