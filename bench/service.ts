import { type Service, startService } from "../test/support/service.ts";

/** Starts the service with its default settings on this database. */
export function startOnDatabase(DATABASE_URL: string, BCRYPT_COST = "12"): Promise<Service> {
  return startService({ HOST: "127.0.0.1", BCRYPT_COST, DATABASE_URL });
}
