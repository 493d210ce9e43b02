import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Called with the status of a response once all of it has arrived. */
export type OnResponse = (status: number) => void;

/** A keep-alive connection to a local server. It carries one request at a time. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #onResponse: OnResponse | undefined;

  /** Use `Connection.open` instead. */
  constructor(socket: Socket, onFailure: (error: Error) => void) {
    this.#socket = socket;
    socket.setNoDelay(true).on("data", (chunk) => this.#receive(chunk));
    socket.once("error", onFailure).once("end", () => onFailure(new Error("the server closed a connection")));
  }

  /** @param onFailure called if the socket fails or the server closes the connection */
  static async open(port: number, onFailure: (error: Error) => void): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket, onFailure);
  }

  send(request: string, onResponse: OnResponse): void {
    this.#onResponse = onResponse;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#socket.removeAllListeners("end").destroy();
  }

  #receive(chunk: Buffer): void {
    const received = this.#received ? Buffer.concat([this.#received, chunk]) : chunk;
    this.#received = received;
    const headEnd = received.indexOf("\r\n\r\n");
    if (headEnd === -1) return;
    const head = received.toString("latin1", 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) throw new Error(`the response has no Content-Length: ${head}`);
    if (received.length < headEnd + 4 + length) return;
    this.#received = undefined;
    // The head begins with "HTTP/1.1 200 OK".
    this.#onResponse?.(Number(head.slice(9, 12)));
  }
}
