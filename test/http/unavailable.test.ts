import assert from "node:assert/strict";
import { test } from "node:test";
import { HashThreadError } from "../../src/auth/passwords/hash-threads.ts";
import { busyError, DatabaseUnavailable } from "../../src/errors.ts";
import { createUnavailableLogger } from "../../src/http/unavailable.ts";
import { createRecordingLog } from "../support/world.ts";

test("the log has the first 200 responses with status 503 of each minute, and the number of omitted ones", () => {
  const logged: Record<string, unknown>[] = [];
  let now = 0;
  const log = createUnavailableLogger(createRecordingLog(logged), () => now);
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) log(new DatabaseUnavailable("locked"), { requestId: `${i}`, path: "/profile" });
  };
  fail(5000);
  now = 59_999;
  fail(1);
  assert.equal(logged.length, 200);
  assert.partialDeepStrictEqual(logged[0], { event: "unavailable", requestId: "0", path: "/profile", level: "warn" });
  now = 60_000;
  fail(3);
  now = 180_000;
  fail(1);
  assert.equal(logged.length, 204);
  assert.deepEqual(
    logged.slice(199).map(({ unlogged }) => unlogged),
    [undefined, 4801, undefined, undefined, undefined],
  );
});

test("the log says why hashing is impossible, and for a database only the fault", () => {
  const logged: Record<string, unknown>[] = [];
  const log = createUnavailableLogger(createRecordingLog(logged));
  log(busyError(1, new HashThreadError(new Error("ERR_WORKER_INIT_FAILED"))), {});
  log(busyError(1), {});
  log(new DatabaseUnavailable("locked", new Error("insert into users …")), {});
  assert.deepEqual(
    logged.map(({ reason }) => reason),
    [
      "no thread available for hashing: ERR_WORKER_INIT_FAILED",
      "too many logins; try again in 1 second",
      "the database is locked",
    ],
  );
});
