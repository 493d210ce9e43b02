import { join } from "node:path";
import type { AppOptions } from "../../../src/app.ts";
import { serve } from "../../../src/http/server.ts";
import { silent } from "../../../src/observe/log.ts";
import type { Environment } from "../../../src/settings/settings.ts";
import { writeMigratedFile } from "../migrated-sqlite.ts";
import { findFreePort } from "../postgres-server.ts";
import { createTemporaryFolder } from "../service.ts";
import { createWorld, productionEnvironment, type World } from "../world.ts";

/** A world with an HTTP server for a browser. A test changes its state directly, which is faster than using the pages. */
export interface ServedWorld extends World {
  readonly url: string;
}

export async function createServedWorld(
  environment: Environment = {},
  options: Pick<AppOptions, "outbox"> = {},
): Promise<ServedWorld> {
  const port = await findFreePort();
  const url = `http://localhost:${port}`;
  await using resources = new AsyncDisposableStack();
  const settings = { ...productionEnvironment, UNSAFE_PRODUCTION: "1", PUBLIC_URL: url };
  const world = await createWorld({ ...settings, ...environment }, options);
  resources.use(world);
  const server = await serve({ fetch: world.app.fetch, host: "127.0.0.1", port, log: silent });
  resources.defer(() => server.close(0));
  const owned = resources.move();
  return { ...world, url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Sends the pending emails, and returns the path of the last link to this page. */
export async function deliverLink(
  { auth, mails }: ServedWorld,
  page: "/reset" | "/verify" | "/undo-email-change",
): Promise<string> {
  await auth.outbox.deliver();
  const kinds = {
    "/reset": ["invitation", "reset_password"],
    "/verify": ["confirm_email", "confirm_new_email"],
    "/undo-email-change": ["email_changed"],
  }[page];
  const mail = mails.findLast((each) => kinds.includes(each.kind));
  return `${page}?token=${encodeURIComponent(mail?.token ?? "")}`;
}

/** Creates a world whose database is a file, so that another connection can open it. Slower than a database in memory. */
export async function createServedWorldOnFile(environment: Environment): Promise<ServedWorld> {
  await using resources = new AsyncDisposableStack();
  const file = join(resources.use(await createTemporaryFolder()).path, "bienvenue.db");
  await writeMigratedFile(file);
  const world = resources.use(await createServedWorld({ ...environment, DATABASE_URL: `sqlite:${file}` }));
  const owned = resources.move();
  return { ...world, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
