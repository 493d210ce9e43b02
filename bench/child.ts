import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A program of this folder in a process of its own. */
export class Child implements Disposable {
  readonly #process: ChildProcess;

  constructor(file: string, ...args: string[]) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** Its next message. */
  async answer<Message>(): Promise<Message> {
    const answered = new AbortController();
    const ended = once(this.#process, "exit", answered).then(([code]) => {
      throw new Error(`${this.#process.spawnargs.at(1)} ended with ${code}`);
    });
    const [message] = await Promise.race([once(this.#process, "message", answered), ended]);
    answered.abort();
    return message;
  }

  [Symbol.dispose](): void {
    this.#process.kill("SIGKILL");
  }
}
