/** How many requests of one device may proceed without a slot until it is looked up. */
const maxPerDevice = 2;

/** Counts, by device, the callers that proceed without a slot because the account may know their device. */
export class ProvisionalCallers {
  readonly #byDevice = new Map<string, number>();

  /** Returns true if another caller with these devices may proceed. */
  admits(devices: readonly string[]): boolean {
    return devices.length > 0 && devices.every((device) => (this.#byDevice.get(device) ?? 0) < maxPerDevice);
  }

  add(devices: readonly string[]): void {
    for (const device of devices) this.#byDevice.set(device, (this.#byDevice.get(device) ?? 0) + 1);
  }

  delete(devices: readonly string[]): void {
    for (const device of devices) {
      const others = (this.#byDevice.get(device) ?? 1) - 1;
      if (others > 0) this.#byDevice.set(device, others);
      else this.#byDevice.delete(device);
    }
  }
}
