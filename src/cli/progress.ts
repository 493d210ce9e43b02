/** Milliseconds between two drawings of the bar. */
const redrawInterval = 100;
const width = 30;

/** A progress bar on standard error. Draws nothing if that is not a terminal. */
export class ProgressBar {
  readonly #startedAt = performance.now();
  #drawnAt = 0;

  /** @param rows the number of rows done, if `done` and `total` count something else */
  update(done: number, total: number, rows = done): void {
    const now = performance.now();
    if (!process.stderr.isTTY || (now - this.#drawnAt < redrawInterval && done < total)) return;
    this.#drawnAt = now;
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * width);
    const bar = "█".repeat(filled).padEnd(width, "░");
    const rate = Math.round(rows / ((now - this.#startedAt) / 1000));
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    process.stderr.write(
      `\r${bar} ${percent}  ${rows.toLocaleString("en")} rows  ${rate.toLocaleString("en")}/s\x1b[K`,
    );
  }

  /** Prints a line to standard output, above the bar. */
  printAbove(line: string): void {
    if (process.stderr.isTTY && this.#drawnAt > 0) process.stderr.write("\r\x1b[K");
    console.log(line);
  }

  /** Ends the bar's line. */
  finish(): void {
    if (process.stderr.isTTY && this.#drawnAt > 0) process.stderr.write("\n");
  }
}
