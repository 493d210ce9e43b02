import { checkPassword } from "../../src/auth/passwords/password-policy.ts";
import { AuthError, type AuthErrorCode } from "../../src/errors.ts";
import { silent } from "../../src/observe/log.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";

/** Returns the code with which these settings reject a new password, or null. */
export async function findPasswordProblem(
  password: string,
  environment: Environment,
  email: string,
): Promise<AuthErrorCode | null> {
  try {
    await checkPassword({ settings: readSettings(environment), log: silent }, password, email);
    return null;
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}
