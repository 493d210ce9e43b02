export { type AppOptions, createApp } from "./app.ts";
export {
  type AuditEvent,
  Auth,
  type AuthOptions,
  type Caller,
  type EmailToVerify,
  type EventQuery,
  HashThreads,
  type LoginParams,
  type LoginResult,
  type RenewedSession,
  type ResetToken,
  type SessionInfo,
  type SessionPage,
  type SweepCounts,
  type SweepOptions,
  type VerifyEmailParams,
} from "./auth/auth.ts";
export { type Bienvenue, type BienvenueOptions, createBienvenue, type RunningService } from "./bienvenue.ts";
export { type Awaitable, DB, type DBOptions, openDB, type UserChanges } from "./db/db.ts";
export {
  AuthError,
  type AuthErrorCode,
  type DatabaseFault,
  DatabaseUnavailable,
  EmailTaken,
  type ErrorCode,
  InvalidRequestError,
  NoResultFound,
  OpenError,
} from "./errors.ts";
export type { Bindings } from "./http/caller.ts";
export { createMailer, type DevOutbox, MailError, type UnsentMail } from "./mail/mail.ts";
export type { Language, Mail, Mailer, MailKind } from "./mail/mailer.ts";
export { type Log, silent } from "./observe/log.ts";
export { Counters, type Metrics } from "./observe/metrics.ts";
export type { Tracing } from "./observe/tracing.ts";
export { type Environment, readSettings, type Settings, SettingsError } from "./settings/settings.ts";
export type { PublicUser, Session, User } from "./user.ts";
export type { DeviceKind } from "./values/device-kind.ts";
