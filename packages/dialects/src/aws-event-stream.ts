import { crc32 } from 'node:zlib';

/**
 * The binary framing of AWS event streams (application/vnd.amazon.eventstream), big-endian:
 *
 *     total length (4) · headers length (4) · CRC-32 of these eight bytes (4) · headers · payload · CRC-32 of everything before it (4)
 *
 * A header is: length of its name (1) · name · type (1) · value, whose size the type tells or two bytes before it do.
 * Amazon's reference: https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html
 */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const MESSAGE_BYTES_MIN = PRELUDE_BYTES + CHECKSUM_BYTES;
/** Of the reference: a message has at most 24 MiB, its headers at most 128 KiB. */
export const MESSAGE_BYTES_MAX = 24 * 1_024 * 1_024;
export const HEADERS_BYTES_MAX = 128 * 1_024;

/** A header's value with the type it has on the wire. A timestamp is milliseconds since 1970. */
export type EventHeader =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'byte' | 'short' | 'integer'; readonly value: number }
  | { readonly kind: 'long' | 'timestamp'; readonly value: bigint }
  | { readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly kind: 'string' | 'uuid'; readonly value: string };

export interface EventMessage {
  readonly headers: ReadonlyMap<string, EventHeader>;
  /** bytes of the packet or of the reader: to be read at once, not kept */
  readonly payload: Buffer;
}

/** Why a stream cannot be read on: after it nobody knows where a message begins. `atStart`: nothing of it was an event stream. */
export interface FrameFault {
  readonly kind: 'prelude_checksum' | 'message_checksum' | 'bad_length' | 'bad_header';
  readonly atStart: boolean;
}

export function textHeader({ headers }: EventMessage, name: string): string | null {
  const header = headers.get(name);
  return header?.kind === 'string' ? header.value : null;
}

const NOTHING = Buffer.alloc(0);

/** Cuts packets into messages, wherever the packets are cut (S01). Stops for good at the first fault. */
export class EventStreamReader {
  #fault: FrameFault | null = null;
  #messages = 0;
  /** the beginning of a message: at first room for a prelude, then for exactly the message */
  #kept: Buffer = NOTHING;
  #bytes = 0;
  #knownSource: Buffer = NOTHING;
  #knownHeaders: ReadonlyMap<string, EventHeader> | null = null;

  get fault(): FrameFault | null {
    return this.#fault;
  }

  push(packet: Buffer, onMessage: (message: EventMessage) => void): void {
    let position = 0;
    while (position < packet.length && this.#fault === null) {
      position = this.#bytes === 0 ? this.#takeWhole(packet, position, onMessage) : this.#append(packet, position);
      if (this.#bytes > 0) this.#takeKept(onMessage);
    }
  }

  /** After the last packet: whether it ended between two messages. */
  get endsClean(): boolean {
    return this.#bytes === 0;
  }

  /** Reads a message where it lies; returns the index after it, or keeps what has begun. */
  #takeWhole(packet: Buffer, from: number, onMessage: (message: EventMessage) => void): number {
    const available = packet.length - from;
    const total = available < PRELUDE_BYTES ? null : this.#totalOf(packet, from);
    if (this.#fault !== null) return packet.length;
    if (total !== null && available >= total) {
      this.#take(packet.subarray(from, from + total), onMessage);
      return from + total;
    }
    this.#kept = Buffer.allocUnsafe(total ?? PRELUDE_BYTES);
    this.#bytes = packet.copy(this.#kept, 0, from);
    return packet.length;
  }

  #append(packet: Buffer, from: number): number {
    const copied = packet.copy(this.#kept, this.#bytes, from, from + this.#kept.length - this.#bytes);
    this.#bytes += copied;
    return from + copied;
  }

  /** Once the prelude is there its checksum is looked at before room for the message is made: noise cannot ask for 24 MiB. */
  #takeKept(onMessage: (message: EventMessage) => void): void {
    if (this.#bytes < this.#kept.length) return;
    if (this.#bytes === PRELUDE_BYTES) {
      const total = this.#totalOf(this.#kept, 0);
      if (total === null) return;
      const grown = Buffer.allocUnsafe(total);
      this.#kept.copy(grown);
      this.#kept = grown;
      return;
    }
    const message = this.#kept;
    this.#kept = NOTHING;
    this.#bytes = 0;
    this.#take(message, onMessage);
  }

  #totalOf(source: Buffer, from: number): number | null {
    if (crc32(source.subarray(from, from + 8)) !== source.readUInt32BE(from + 8)) return this.#fail('prelude_checksum');
    const total = source.readUInt32BE(from);
    const headers = source.readUInt32BE(from + 4);
    const isSound =
      total >= MESSAGE_BYTES_MIN &&
      total <= MESSAGE_BYTES_MAX &&
      headers <= HEADERS_BYTES_MAX &&
      headers <= total - MESSAGE_BYTES_MIN;
    return isSound ? total : this.#fail('bad_length');
  }

  #take(message: Buffer, onMessage: (message: EventMessage) => void): void {
    const end = message.length - CHECKSUM_BYTES;
    if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) {
      this.#fail('message_checksum');
      return;
    }
    const headersEnd = PRELUDE_BYTES + message.readUInt32BE(4);
    const headers = this.#headersOf(message.subarray(PRELUDE_BYTES, headersEnd));
    if (headers === null) {
      this.#fail('bad_header');
      return;
    }
    this.#messages += 1;
    onMessage({ headers, payload: message.subarray(headersEnd, end) });
  }

  /** Most messages of a stream have the very same headers: those are read once. */
  #headersOf(source: Buffer): ReadonlyMap<string, EventHeader> | null {
    if (this.#knownHeaders !== null && source.equals(this.#knownSource)) return this.#knownHeaders;
    this.#knownSource = Buffer.from(source);
    this.#knownHeaders = readHeaders(this.#knownSource);
    return this.#knownHeaders;
  }

  #fail(kind: FrameFault['kind']): null {
    this.#fault = { kind, atStart: this.#messages === 0 };
    return null;
  }
}

/** Null where the bytes are no headers. */
function readHeaders(source: Buffer): ReadonlyMap<string, EventHeader> | null {
  const headers = new Map<string, EventHeader>();
  let position = 0;
  while (position < source.length) {
    const nameEnd = position + 1 + (source[position] ?? 0);
    const type = HEADER_TYPES[source[nameEnd] ?? -1];
    if (type === undefined) return null;
    const valueFrom = nameEnd + 1 + (type.bytes === null ? 2 : 0);
    if (valueFrom > source.length) return null;
    const valueEnd = valueFrom + (type.bytes ?? source.readUInt16BE(nameEnd + 1));
    if (valueEnd > source.length) return null;
    headers.set(source.toString('utf8', position + 1, nameEnd), type.read(source.subarray(valueFrom, valueEnd)));
    position = valueEnd;
  }
  return headers;
}

interface HeaderType {
  /** size of the value; null: two bytes before it tell */
  readonly bytes: number | null;
  read(value: Buffer): EventHeader;
}

/** By the number that names the type on the wire. */
const HEADER_TYPES: readonly HeaderType[] = [
  { bytes: 0, read: () => ({ kind: 'boolean', value: true }) },
  { bytes: 0, read: () => ({ kind: 'boolean', value: false }) },
  { bytes: 1, read: (value) => ({ kind: 'byte', value: value.readInt8() }) },
  { bytes: 2, read: (value) => ({ kind: 'short', value: value.readInt16BE() }) },
  { bytes: 4, read: (value) => ({ kind: 'integer', value: value.readInt32BE() }) },
  { bytes: 8, read: (value) => ({ kind: 'long', value: value.readBigInt64BE() }) },
  { bytes: null, read: (value) => ({ kind: 'bytes', value }) },
  { bytes: null, read: (value) => ({ kind: 'string', value: value.toString('utf8') }) },
  { bytes: 8, read: (value) => ({ kind: 'timestamp', value: value.readBigInt64BE() }) },
  { bytes: 16, read: (value) => ({ kind: 'uuid', value: uuidOf(value.toString('hex')) }) },
];

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
