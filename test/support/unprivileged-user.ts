/** `nobody` on most systems: a user who owns no files. */
const nobody = 65534;

/** Runs a function as a user to whom file modes apply. They do not apply to root, who becomes `nobody` until the function ends. */
export async function runAsUnprivilegedUser(action: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
