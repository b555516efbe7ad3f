/**
 * Collects what one push lets through and hands it over as one buffer. Neighbouring ranges of the same source are one
 * range again, so a packet from which nothing changed is written as the packet itself, without a copy.
 */
export class ByteWriter {
  #sources: Buffer[] = [];
  #from: number[] = [];
  #to: number[] = [];
  #count = 0;
  #bytes = 0;

  add(source: Buffer, from: number, to: number): void {
    if (from >= to) return;
    const last = this.#count - 1;
    this.#bytes += to - from;
    if (last >= 0 && this.#sources[last] === source && this.#to[last] === from) {
      this.#to[last] = to;
      return;
    }
    this.#sources[this.#count] = source;
    this.#from[this.#count] = from;
    this.#to[this.#count] = to;
    this.#count += 1;
  }

  /** Calls write once with everything added since the last flush, or not at all. */
  flush(write: (bytes: Buffer) => void): void {
    if (this.#count === 0) return;
    const whole = this.#count === 1 ? this.#only() : this.#joined();
    this.#sources.length = 0;
    this.#count = 0;
    this.#bytes = 0;
    write(whole);
  }

  #only(): Buffer {
    const source = this.#sources[0] ?? Buffer.alloc(0);
    const isWhole = this.#bytes === source.length;
    return isWhole ? source : source.subarray(this.#from[0], this.#to[0]);
  }

  #joined(): Buffer {
    const whole = Buffer.allocUnsafe(this.#bytes);
    let position = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const source = this.#sources[index];
      if (source === undefined) continue;
      position = copyRange(source, this.#from[index] ?? 0, this.#to[index] ?? 0, whole, position);
    }
    return whole;
  }
}

/** Below this many bytes a loop is faster than crossing into native code. */
const NATIVE_COPY_BYTES = 64;

/** Copies [from, to) of `source` to `position` of `target`; returns the position after it. */
export function copyRange(source: Buffer, from: number, to: number, target: Buffer, position: number): number {
  if (to - from >= NATIVE_COPY_BYTES) {
    source.copy(target, position, from, to);
    return position + to - from;
  }
  let at = position;
  for (let index = from; index < to; index += 1) {
    target[at] = source[index] ?? 0;
    at += 1;
  }
  return at;
}
