import { isIPv6 } from "node:net";
import { formatInvalidValue } from "../settings/invalid-value.ts";
import type { Settings } from "../settings/settings.ts";

/** Thrown if the service cannot listen. The message names the cause and the setting to change. */
export class ListenError extends Error {
  override name = "ListenError";
}

export function toListenError(error: unknown, { HOST, PORT }: Pick<Settings, "HOST" | "PORT">): ListenError {
  return new ListenError(describe(error as NodeJS.ErrnoException, HOST, PORT), { cause: error });
}

function describe({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} is in use (on macOS, AirPlay Receiver uses 5000); choose another one, such as PORT=${port === 5001 ? 5002 : 5001}`;
    case "EACCES":
      return `this user cannot listen on port ${port}; choose a port of 1024 or above, such as PORT=5000`;
    case "EINVAL":
      if (isIPv6(host) && !host.includes("%"))
        return `HOST=${host} needs a network interface, such as HOST=${host}%eth0`;
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
  return `HOST=${formatInvalidValue(host)} is not an address of this machine; use HOST=0.0.0.0 to listen on all of them`;
}
