import { type Service, startService } from "../test/support/service.ts";

/** Starts the service as a process of its own, as it is by default, on this database. */
export function startOn(DATABASE_URL: string, BCRYPT_COST = "12"): Promise<Service> {
  return startService({ HOST: "127.0.0.1", BCRYPT_COST, DATABASE_URL });
}
