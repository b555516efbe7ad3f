import { crc32 } from 'node:zlib';
import type { EventHeader } from './aws-event-stream.js';

/** Messages as AWS sends them, for tests: the reader's counterpart. */
export function eventMessage(
  headers: Readonly<Record<string, EventHeader | string>>,
  payload: Buffer | object,
): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerBytes(name, value)));
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const unsigned = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(unsigned));
  return Buffer.concat([unsigned, checksum]);
}

/** One event of a modelled stream. */
export function streamEvent(type: string, payload: object): Buffer {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' };
  return eventMessage(headers, payload);
}

/** One modelled error inside of a stream. */
export function streamException(type: string, payload: object): Buffer {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return eventMessage(headers, payload);
}

function headerBytes(name: string, value: EventHeader | string): Buffer {
  const header: EventHeader = typeof value === 'string' ? { kind: 'string', value } : value;
  const { type, bytes } = valueBytes(header);
  const encodedName = Buffer.from(name);
  return Buffer.concat([Buffer.from([encodedName.length]), encodedName, Buffer.from([type]), bytes]);
}

function valueBytes(header: EventHeader): { readonly type: number; readonly bytes: Buffer } {
  const number = Buffer.alloc(8);
  switch (header.kind) {
    case 'boolean':
      return { type: header.value ? 0 : 1, bytes: Buffer.alloc(0) };
    case 'byte':
      number.writeInt8(header.value);
      return { type: 2, bytes: number.subarray(0, 1) };
    case 'short':
      number.writeInt16BE(header.value);
      return { type: 3, bytes: number.subarray(0, 2) };
    case 'integer':
      number.writeInt32BE(header.value);
      return { type: 4, bytes: number.subarray(0, 4) };
    case 'long':
    case 'timestamp':
      number.writeBigInt64BE(header.value);
      return { type: header.kind === 'long' ? 5 : 8, bytes: number };
    case 'bytes':
      return { type: 6, bytes: sized(header.value) };
    case 'string':
      return { type: 7, bytes: sized(Buffer.from(header.value)) };
    case 'uuid':
      return { type: 9, bytes: Buffer.from(header.value.replaceAll('-', ''), 'hex') };
  }
}

function sized(value: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, value]);
}
