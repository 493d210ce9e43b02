import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A script of this folder that runs in a separate process. */
export class Child implements Disposable {
  readonly #process: ChildProcess;

  constructor(file: string, ...args: string[]) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** Waits for the next message of the process. Rejects if the process exits first. */
  async nextMessage<Message>(): Promise<Message> {
    const listeners = new AbortController();
    const exited = once(this.#process, "exit", listeners).then(([code]) => {
      throw new Error(`${this.#process.spawnargs.at(1)} exited with code ${code}`);
    });
    const [message] = await Promise.race([once(this.#process, "message", listeners), exited]);
    listeners.abort();
    return message;
  }

  [Symbol.dispose](): void {
    this.#process.kill("SIGKILL");
  }
}
