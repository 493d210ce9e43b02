/** `nobody` on most systems: a user without files. */
const nobody = 65534;

/** Runs a function as a user to whom file modes apply. They do not apply to root, who becomes another user meanwhile. */
export async function runAsUnprivilegedUser(something: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await something();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
