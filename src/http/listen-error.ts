import { isIPv6 } from "node:net";
import { formatInvalidValue } from "../settings/invalid-value.ts";
import type { Settings } from "../settings/settings.ts";

/** Thrown when the service cannot listen; the message says why, and which setting to change. */
export class ListenError extends Error {
  override name = "ListenError";
}

/** Explains why a server cannot listen on HOST and PORT. */
export function toListenError(error: unknown, { HOST, PORT }: Pick<Settings, "HOST" | "PORT">): ListenError {
  return new ListenError(explain(error as NodeJS.ErrnoException, HOST, PORT), { cause: error });
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} is in use (on macOS, AirPlay Receiver holds 5000); choose another: PORT=${port === 5001 ? 5002 : 5001}`;
    case "EACCES":
      return `this user may not listen on port ${port}; choose one from 1024: PORT=5000`;
    case "EINVAL":
      if (isIPv6(host) && !host.includes("%")) return `HOST=${host} needs its interface, such as HOST=${host}%eth0`;
      return describeUnknownHost(host);
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
    case "ENETUNREACH":
    case "EAI_AGAIN":
    case "ENODEV":
    case "ENOTFOUND":
    case "ENXIO":
      return describeUnknownHost(host);
    default:
      return `cannot listen on HOST=${formatInvalidValue(host)} and PORT=${port}: ${message}`;
  }
}

function describeUnknownHost(host: string): string {
  return `HOST=${formatInvalidValue(host)} is no address of this machine; 0.0.0.0 stands for all of them`;
}
