import { describeFileNameError, describeSqlitePathError } from "./sqlite-path.ts";
import { describeUrlError, isDecodable, isPort } from "./url-errors.ts";

/** The parts of a PostgreSQL URL, still encoded. */
interface PostgresUrl {
  /** `user:password@`, or an empty string. */
  readonly credentials: string;
  /** Each with its port, if any. */
  readonly hosts: readonly string[];
  readonly database: string;
  readonly parameters: URLSearchParams;
}

/** The parameters whose values contain no secret. */
const printableParameters = [
  "host",
  "port",
  "user",
  "sslmode",
  "ssl",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "target_session_attrs",
];

/**
 * The parameters that have an effect, and parameters of libpq that have none here. Others are rejected, as in libpq: the driver
 * would ignore a misspelled one, or take it for one of its own options.
 */
const knownParameters = [
  ...printableParameters,
  ...["password", "options", "uselibpqcompat", "application_name", "fallback_application_name"],
  ...["connect_timeout", "channel_binding", "gssencmode", "keepalives", "keepalives_idle"],
  ...["keepalives_interval", "keepalives_count", "tcp_user_timeout", "load_balance_hosts"],
];

const sslmodes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** Splits a PostgreSQL URL into its parts; returns null if it is not one. */
export function parsePostgresUrl(text: string): PostgresUrl | null {
  const pattern = /^postgres(?:ql)?:\/\/([^@/?#\s\p{C}]*@)?([^@/?#\s\p{C}]+)(\/[^/?#\s\p{C}]+)?(?:\?([^?#]*))?$/u;
  const [, credentials = "", authority = "", database = "", query = ""] = pattern.exec(text) ?? [];
  const hosts = authority.split(",");
  const isValid =
    hosts.every(isHost) &&
    /^[^\p{C}\p{Z}]*$/u.test(query.replaceAll(" ", "")) &&
    !/ $/.test(query) &&
    isDecodable(text);
  if (!isValid || !hosts.every((host) => URL.canParse(`postgres://${credentials}${host}${database}`))) return null;
  return { credentials, hosts, database, parameters: new URLSearchParams(query) };
}

function isHost(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::(.*))?$/i.exec(text) ?? [text, "none"];
  return port === undefined || isPort(port);
}

/** Describes what is wrong with a database URL without repeating any of it; undefined if it is valid. */
export function describeDatabaseUrlError(text: string): string | undefined {
  if (text.startsWith("sqlite:")) return describeSqlitePathError(text.slice("sqlite:".length));
  const parts = parsePostgresUrl(text);
  return parts
    ? describeParameterError(parts.parameters)
    : describeUrlError(text, ["postgres://", "postgresql://", "sqlite:"]);
}

function describeParameterError(parameters: URLSearchParams): string | undefined {
  const names = [...parameters.keys()];
  const unknown = names.find((name) => !knownParameters.includes(name));
  if (unknown !== undefined) {
    const normalize = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
    const suggestion =
      knownParameters.find((name) => normalize(name) === normalize(unknown)) ??
      (/ssl|tls/i.test(unknown) ? "sslmode" : null);
    return `unknown parameter after the ?${suggestion ? `; did you mean ${suggestion}?` : "; use the parameter names of libpq, such as sslmode"}`;
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) return `${repeated} must appear only once`;
  const sslmode = parameters.get("sslmode");
  if (sslmode !== null && !sslmodes.includes(sslmode)) {
    return "sslmode must be disable, require, verify-ca or verify-full";
  }
  if (sslmode === "verify-ca" && !parameters.get("sslrootcert")) return "sslmode=verify-ca needs sslrootcert=FILE";
  if (!["true", null].includes(parameters.get("ssl"))) return "write sslmode=disable or sslmode=require instead of ssl";
  const port = parameters.get("port");
  if (port !== null && !isPort(port)) return "the port must be a number from 1 to 65535";
  return undefined;
}

/** Removes the password, and parameter values that can contain a secret, from a database URL. */
export function redactDatabaseUrl(url: string): string {
  if (url.startsWith("sqlite:") && describeFileNameError(url.slice("sqlite:".length)) === undefined) return url;
  const parts = parsePostgresUrl(url);
  if (!parts) return "this database (its URL is hidden)";
  const credentials = parts.credentials.replace(/:.*@$/, ":…@");
  const parameters = [...parts.parameters]
    .filter(([name]) => knownParameters.includes(name))
    .map(([name, value]) => `${name}=${printableParameters.includes(name) ? value.replace(/\p{C}/gu, "?") : "…"}`);
  const query = parameters.length > 0 ? `?${parameters.join("&")}` : "";
  return `${url.slice(0, url.indexOf(":"))}://${credentials}${parts.hosts}${parts.database}${query}`;
}

/** Returns the path of an SQLite database; undefined for one in memory and for PostgreSQL. */
export function sqliteFileOf(url: string): string | undefined {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === ":memory:" ? undefined : path;
}
