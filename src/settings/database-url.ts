import { describeFileNameError, describeSqlitePathError } from "./sqlite-path.ts";
import { describeUrlError, isDecodable, isPort } from "./url-errors.ts";

/** The parts of a PostgreSQL URL, as they are written there. */
interface PostgresUrl {
  /** `user:password@`, or nothing. */
  readonly login: string;
  /** Each with its port, if it has one. */
  readonly hosts: readonly string[];
  readonly database: string;
  readonly parameters: URLSearchParams;
}

/** The parameters whose values may be shown. */
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
 * The parameters that take effect, and those of PostgreSQL's own programs that change nothing here. Any other is refused, as
 * those programs do: the driver would ignore a misspelled one, or take it for an option of its own.
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
  const [, login = "", authority = "", database = "", query = ""] = pattern.exec(text) ?? [];
  const hosts = authority.split(",");
  const isRight =
    hosts.every(isHost) &&
    /^[^\p{C}\p{Z}]*$/u.test(query.replaceAll(" ", "")) &&
    !/ $/.test(query) &&
    isDecodable(text);
  if (!isRight || !hosts.every((host) => URL.canParse(`postgres://${login}${host}${database}`))) return null;
  return { login, hosts, database, parameters: new URLSearchParams(query) };
}

function isHost(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::(.*))?$/i.exec(text) ?? [text, "none"];
  return port === undefined || isPort(port);
}

/** Explains why a text is not the URL of a supported database, without repeating any of it; undefined if it is one. */
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
    const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
    const meant =
      knownParameters.find((name) => plain(name) === plain(unknown)) ?? (/ssl|tls/i.test(unknown) ? "sslmode" : null);
    return `a parameter after the ? is unknown${meant ? `; did you mean ${meant}?` : "; the names are those of PostgreSQL's own programs"}`;
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `${twice} must be there once`;
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

/** A database URL that may be shown: without its password and without the values of parameters that may hold a secret. */
export function redactDatabaseUrl(url: string): string {
  if (url.startsWith("sqlite:") && describeFileNameError(url.slice("sqlite:".length)) === undefined) return url;
  const parts = parsePostgresUrl(url);
  if (!parts) return "this database (its URL is not shown)";
  const login = parts.login.replace(/:.*@$/, ":…@");
  const shown = [...parts.parameters]
    .filter(([name]) => knownParameters.includes(name))
    .map(([name, value]) => `${name}=${printableParameters.includes(name) ? value.replace(/\p{C}/gu, "?") : "…"}`);
  const query = shown.length > 0 ? `?${shown.join("&")}` : "";
  return `${url.slice(0, url.indexOf(":"))}://${login}${parts.hosts}${parts.database}${query}`;
}

/** The file of an embedded database that outlives the process; undefined for any other. */
export function sqliteFileOf(url: string): string | undefined {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === ":memory:" ? undefined : path;
}
