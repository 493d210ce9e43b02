/** How often the bar is drawn, in milliseconds. */
const redraw = 100;
const width = 30;

/** A bar on standard error while it is a terminal; nothing anywhere else. */
export class ProgressBar {
  readonly #started = performance.now();
  #drawn = 0;

  /** Shows that so much is done of so much; where that is not counted in rows, how many these were. */
  show(done: number, total: number, rows = done): void {
    const now = performance.now();
    if (!process.stderr.isTTY || (now - this.#drawn < redraw && done < total)) return;
    this.#drawn = now;
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * width);
    const bar = "█".repeat(filled).padEnd(width, "░");
    const rate = Math.round(rows / ((now - this.#started) / 1000));
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    process.stderr.write(
      `\r${bar} ${percent}  ${rows.toLocaleString("en")} rows  ${rate.toLocaleString("en")}/s\x1b[K`,
    );
  }

  /** Prints a line above the bar. */
  say(line: string): void {
    if (process.stderr.isTTY && this.#drawn > 0) process.stderr.write("\r\x1b[K");
    console.log(line);
  }

  /** Ends the line of the bar. */
  end(): void {
    if (process.stderr.isTTY && this.#drawn > 0) process.stderr.write("\n");
  }
}
