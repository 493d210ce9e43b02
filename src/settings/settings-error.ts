/** Thrown by `readSettings`. The message lists every invalid setting and how to fix it. */
export class SettingsError extends Error {
  override name = "SettingsError";
}
