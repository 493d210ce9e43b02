/** Thrown by `readSettings`; its message names every wrong setting and says how to correct it. */
export class SettingsError extends Error {
  override name = "SettingsError";
}
