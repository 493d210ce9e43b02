import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import type { Environment } from "../../src/settings/settings.ts";
import { answerWithCounts, sha1, startBreachServer } from "./breach-server.ts";
import { strongPassword } from "./production.ts";
import { createWorld, form, type World } from "./world.ts";

/** How many wait for hashes of this cost, of which 12 takes a quarter of a second, and one more for each thread. */
export const queueCapacity = (cost: number) => (20 / 2 ** (cost - 12) + 1) * availableParallelism();

/**
 * A world whose queue of hashes is full, of registrations that wait to learn whether their password is breached: nothing is hashed.
 *
 * @param ipOf where each registration comes from; by default all are of one network
 */
export async function createFullWorld(
  environment: Environment = {},
  ipOf: (i: number) => string = () => "127.0.0.1",
): Promise<World> {
  const range = sha1(strongPassword).slice(0, 5);
  const answer = answerWithCounts({});
  let asked = 0;
  await using resources = new AsyncDisposableStack();
  const breaches = resources.use(
    await startBreachServer((request, response) => {
      if (request.url?.endsWith(range)) asked++;
      else answer(request, response);
    }),
  );
  const settings = { BCRYPT_COST: "14", ...environment, PASSWORD_BREACH_CHECK: breaches.url };
  const world = resources.use(await createWorld(settings));
  const registrations = Array.from({ length: queueCapacity(Number(settings.BCRYPT_COST)) }, (_, i) =>
    world.request("/users", { ...form({ email: `${i}@example.com`, password: strongPassword }), ip: ipOf(i) }),
  );
  while (asked < registrations.length) await turn();
  const opened = resources.move();
  const close = async () => {
    // In this order: registrations whose passwords are still to be hashed are refused then.
    await world.auth.close();
    await breaches.close();
    await Promise.all(registrations);
    await opened.disposeAsync();
  };
  return { ...world, [Symbol.asyncDispose]: close };
}
