/** A user who owns nothing: `nobody` on most systems. */
const nobody = 65534;

/**
 * Does something as a user for whom the modes of files hold: they do not for root, who becomes another one meanwhile.
 */
export async function runAsOrdinaryUser(something: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await something();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
