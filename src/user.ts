/** An account. Times are in milliseconds since the epoch. */
export interface User {
  readonly id: number;
  /** The address as registered. Lookups ignore letter case and surrounding spaces. */
  readonly email: string;
  readonly hashedPassword: string;
  /** The session id that was used to find the user; otherwise null. The database stores only its SHA-256. */
  readonly sessionId: string | null;
  /** The reset token that was used to find the user; otherwise null. The database stores only its SHA-256. */
  readonly resetToken: string | null;
  /** When the current reset token expires; null if there is none. */
  readonly resetTokenExpiresAt: number | null;
  readonly emailVerifiedAt: number | null;
  readonly disabledAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A user as `Auth` returns it, without password hash, session id and reset token. It is safe to log or to send as JSON. */
export type PublicUser = Pick<User, "id" | "email" | "emailVerifiedAt" | "disabledAt" | "createdAt" | "updatedAt">;

/** Copies the public attributes of a user to a new object. */
export function toPublicUser({ id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt }: PublicUser): PublicUser {
  return { id, email, emailVerifiedAt, disabledAt, createdAt, updatedAt };
}

/** A session on one device. Times are in milliseconds since the epoch. */
export interface Session {
  /** The secret of the client. The database stores only its SHA-256. */
  readonly sessionId: string;
  readonly userId: number;
  readonly createdAt: number;
  /** When the session was last used. This time is updated at most once a minute. */
  readonly lastSeenAt: number;
  /** When the session expires, even if it is still in use. */
  readonly expiresAt: number;
  /** The IP address from which the session was opened; null if unknown. */
  readonly ip: string | null;
  readonly userAgent: string | null;
}
