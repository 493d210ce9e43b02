import { availableParallelism } from "node:os";
import { setImmediate as waitForTurn } from "node:timers/promises";
import type { Environment } from "../../src/settings/settings.ts";
import { respondWithCounts, sha1, startBreachServer } from "./breach-server.ts";
import { strongPassword } from "./production.ts";
import { createWorld, form, type World } from "./world.ts";

/**
 * Returns the number of jobs that fill the hash threads and the hash queue at this bcrypt cost. The queue holds five seconds of
 * work, and a hash of cost 12 takes a quarter of a second.
 */
export const computeQueueCapacity = (cost: number) => (20 / 2 ** (cost - 12) + 1) * availableParallelism();

/**
 * Creates a world whose hash queue is full of registrations that wait for the breach check, so nothing is hashed.
 *
 * @param ipOf the IP address of each registration; by default all come from one network
 */
export async function createWorldWithFullQueue(
  environment: Environment = {},
  ipOf: (i: number) => string = () => "127.0.0.1",
): Promise<World> {
  const range = sha1(strongPassword).slice(0, 5);
  const respond = respondWithCounts({});
  let checked = 0;
  await using resources = new AsyncDisposableStack();
  const breaches = resources.use(
    await startBreachServer((request, response) => {
      if (request.url?.endsWith(range)) checked++;
      else respond(request, response);
    }),
  );
  const settings = { BCRYPT_COST: "14", ...environment, PASSWORD_BREACH_CHECK: breaches.url };
  const world = resources.use(await createWorld(settings));
  const registrations = Array.from({ length: computeQueueCapacity(Number(settings.BCRYPT_COST)) }, (_, i) =>
    world.request("/users", { ...form({ email: `${i}@example.com`, password: strongPassword }), ip: ipOf(i) }),
  );
  while (checked < registrations.length) await waitForTurn();
  const opened = resources.move();
  const close = async () => {
    // Close Auth first, so that the waiting registrations fail instead of being hashed.
    await world.auth.close();
    await breaches.close();
    await Promise.all(registrations);
    await opened.disposeAsync();
  };
  return { ...world, [Symbol.asyncDispose]: close };
}
