/** An account. Times are milliseconds since 1970 (UTC). */
export interface User {
  readonly id: number;
  /** As it was registered. Matching ignores letter case and surrounding spaces. */
  readonly email: string;
  readonly hashedPassword: string;
  /** The session that the user was found by, else null: storage keeps only its SHA-256. */
  readonly sessionId: string | null;
  /** The reset token that the user was found by, else null: storage keeps only its SHA-256. */
  readonly resetToken: string | null;
  /** When the outstanding reset token ends; null when there is none. */
  readonly resetTokenExpiresAt: number | null;
  readonly emailVerifiedAt: number | null;
  readonly disabledAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * An account as `Auth` returns it: without password hash, session id or reset token, so it can be logged, copied and sent as
 * JSON. `DB` returns the whole `User`.
 */
export type PublicUser = Pick<User, "id" | "email" | "emailVerifiedAt" | "disabledAt" | "createdAt" | "updatedAt">;

/** Copies only the public attributes of a user to a new object. */
export function toPublicUser({ id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt }: PublicUser): PublicUser {
  return { id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt };
}

/** One device that is logged in. Times are milliseconds since 1970 (UTC). */
export interface Session {
  /** The bearer's secret. It is known where the session is made, and nowhere afterwards. */
  readonly sessionId: string;
  readonly userId: number;
  readonly createdAt: number;
  /** When it was last presented; written at most once a minute. */
  readonly lastSeenAt: number;
  /** The absolute end, however much it is used. */
  readonly expiresAt: number;
  /** Where it was opened from, when the caller was known. */
  readonly ip: string | null;
  readonly userAgent: string | null;
}
