import type { Log } from "../observe/log.ts";
import type { HopProblem } from "./hops.ts";

/** Headers that name a caller and are not read: other proxies pass them on as the client wrote them. */
const ignoredHeaders = ["X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Fly-Client-IP"];

/**
 * Returns a function that warns of a declared proxy that does not name its callers: they share one limit, and nothing else
 * would tell the operator why. Each kind of problem is logged once, so that callers cannot fill the log.
 */
export function proxyWarnings(log: Log): (problem: HopProblem, header: (name: string) => string | undefined) => void {
  const warned = new Set<HopProblem["kind"]>();
  return ({ kind, proxy, header: name, hop = "" }, header) => {
    if (warned.has(kind)) return;
    warned.add(kind);
    const instead = ignoredHeaders.filter((each) => header(each) !== undefined);
    const shown = hop.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
    const whereInstead = instead.length > 0 ? `, only in ${instead.join(" and ")}, which is not read` : "";
    const found = {
      silent: `the proxy ${proxy} does not name its caller in ${name}${whereInstead}`,
      unreadable: `the proxy ${proxy} names its caller in ${name} as ${JSON.stringify(shown)}, which is not an address`,
      private: `the proxy ${proxy} was called by ${shown}, by its ${name}, a private address: if that is a proxy too, add it to TRUSTED_PROXIES`,
    }[kind];
    log.warn(
      { event: "callers_not_told_apart", problem: kind, proxy, header: name, ...(shown && { hop: shown }) },
      `${found}; until then all who come that way count as one caller, and share its limits`,
    );
  };
}
