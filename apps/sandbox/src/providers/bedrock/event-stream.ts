import { crc32 } from '../crc32.js';

/*
 * The binary framing of AWS event streams (application/vnd.amazon.eventstream): total length, headers length, CRC-32 of those eight bytes,
 * headers, payload, CRC-32 of everything before. Numbers are big-endian.
 */

const stringHeader = 7;
const preludeBytes = 12;
const checksumBytes = 4;

/** One message with string headers. */
export function eventStreamMessage(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const headerBytes = Buffer.concat(Object.entries(headers).map(([name, value]) => headerOf(name, value)));
  const total = preludeBytes + headerBytes.length + payload.length + checksumBytes;
  const message = Buffer.alloc(total);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(headerBytes.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headerBytes.copy(message, preludeBytes);
  payload.copy(message, preludeBytes + headerBytes.length);
  message.writeUInt32BE(crc32(message.subarray(0, total - checksumBytes)), total - checksumBytes);
  return message;
}

/** An event of a modelled stream: its name and a JSON payload. */
export function eventMessage(eventType: string, payload: unknown): Buffer {
  const headers = { ':event-type': eventType, ':content-type': 'application/json', ':message-type': 'event' };
  return eventStreamMessage(headers, Buffer.from(JSON.stringify(payload)));
}

/** A modelled error inside a stream (`throttlingException`); nothing follows it. */
export function exceptionMessage(exceptionType: string, payload: unknown): Buffer {
  const headers = {
    ':exception-type': exceptionType,
    ':content-type': 'application/json',
    ':message-type': 'exception',
  };
  return eventStreamMessage(headers, Buffer.from(JSON.stringify(payload)));
}

function headerOf(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const lengths = Buffer.alloc(3);
  lengths.writeUInt8(stringHeader, 0);
  lengths.writeUInt16BE(valueBytes.length, 1);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, lengths, valueBytes]);
}
