export { type AppOptions, createApp } from "./app/app.ts";
export type { Bindings } from "./app/caller.ts";
export { Auth, type AuthOptions, type Caller, type Login } from "./auth/auth.ts";
export {
  type Awaitable,
  DB,
  type DBOptions,
  type Lifetimes,
  type Opening,
  openDB,
  type Redemption,
  type SeenUser,
  type UserChanges,
} from "./db/db.ts";
export {
  AuthError,
  type AuthErrorCode,
  type DatabaseFault,
  DatabaseUnavailable,
  EmailTaken,
  InvalidRequestError,
  NoResultFound,
  OpenError,
} from "./errors.ts";
export { type Log, silent } from "./log.ts";
export { type Environment, type Mode, readSettings, type Settings, SettingsError } from "./settings.ts";
export type { Session, User } from "./user.ts";
