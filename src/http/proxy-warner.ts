import type { Log } from "../observe/log.ts";
import type { HopProblem } from "./hops.ts";

/** Headers with a client address that are not read, because most proxies pass on the client's own value. */
const ignoredHeaders = ["X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Fly-Client-IP"];

/**
 * Returns a function that warns about a trusted proxy that does not name its callers, who therefore share one rate limit. Logs
 * each kind of problem once, so that callers cannot fill the log.
 */
export function proxyWarner(log: Log): (problem: HopProblem, header: (name: string) => string | undefined) => void {
  const warned = new Set<HopProblem["kind"]>();
  return ({ kind, proxy, header: name, hop = "" }, header) => {
    if (warned.has(kind)) return;
    warned.add(kind);
    const alternatives = ignoredHeaders.filter((each) => header(each) !== undefined);
    const printable = hop.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
    const hint = alternatives.length > 0 ? `, only in ${alternatives.join(" and ")}, which is not read` : "";
    const message = {
      silent: `the proxy ${proxy} does not name its caller in ${name}${hint}`,
      unreadable: `the proxy ${proxy} names its caller in ${name} as ${JSON.stringify(printable)}, which is not an address`,
      private: `the proxy ${proxy} names its caller in ${name} as ${printable}, a private address: if that is a proxy, add it to TRUSTED_PROXIES`,
    }[kind];
    log.warn(
      { event: "callers_not_told_apart", problem: kind, proxy, header: name, ...(printable && { hop: printable }) },
      `${message}; until this is fixed, all callers behind this proxy share one rate limit`,
    );
  };
}
