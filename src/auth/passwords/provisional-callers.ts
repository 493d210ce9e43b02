/** How many requests of one device may proceed without a place until its account is known. */
const maxPerDevice = 2;

/** Callers who proceed without a place because they present a device that may be known, counted by device. */
export class ProvisionalCallers {
  readonly #byDevice = new Map<string, number>();

  /** Whether a caller with these devices may be one more. */
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
