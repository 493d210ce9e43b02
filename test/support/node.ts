import { Auth, type AuthOptions } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import type { Settings } from "../../src/settings/settings.ts";
import type { Store } from "./engine-store.ts";
import { hashThreads } from "./hash-threads.ts";

/** Starts another node on the database of a store. Disposing of `resources` closes it. */
export async function startNode(
  resources: AsyncDisposableStack,
  { url, clock }: Store,
  options: AuthOptions & { readonly settings: Settings },
): Promise<Auth> {
  const db = resources.use(await openDB(url, { settings: options.settings, clock: clock.now }));
  return resources.adopt(new Auth(db, { hashThreads, clock: clock.now, ...options }), (auth) => auth.close());
}
