import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Called with the status of an answer when the whole of it has come. */
export type Answered = (status: number) => void;

/** A keep-alive connection to a server on this machine, with one request under way at most. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #answered: Answered | undefined;

  /** Use `Connection.open`. */
  constructor(socket: Socket, broken: (error: Error) => void) {
    this.#socket = socket;
    socket.setNoDelay(true).on("data", (chunk) => this.#receive(chunk));
    socket.once("error", broken).once("end", () => broken(new Error("the server closed a connection")));
  }

  /** @param broken called when the connection cannot be used any longer */
  static async open(port: number, broken: (error: Error) => void): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket, broken);
  }

  send(request: string, answered: Answered): void {
    this.#answered = answered;
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
    if (Number.isNaN(length)) throw new Error(`an answer without a length: ${head}`);
    if (received.length < headEnd + 4 + length) return;
    this.#received = undefined;
    // "HTTP/1.1 200 OK": the status has a fixed place.
    this.#answered?.(Number(head.slice(9, 12)));
  }
}
