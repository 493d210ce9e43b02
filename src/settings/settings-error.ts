/** Thrown by `readSettings`; its message names every wrong setting and its mend. */
export class SettingsError extends Error {
  override name = "SettingsError";
}
