/** How long the move of an account to another address can be undone, in milliseconds. */
export const undoLifetime = 7 * 86_400_000;
