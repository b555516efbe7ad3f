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

/** Bytes cut after each message, so that the pieces joined are the bytes; what is no whole message stays one piece. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let start = 0;
  while (start + preludeBytes <= bytes.length) {
    const length = bytes.readUInt32BE(start);
    if (length < preludeBytes + checksumBytes || start + length > bytes.length) break;
    messages.push(bytes.subarray(start, start + length));
    start += length;
  }
  return start < bytes.length ? [...messages, bytes.subarray(start)] : messages;
}

/** The JSON payload of a message; undefined when it has none. */
export function payloadOf(message: Buffer): unknown {
  if (message.length < preludeBytes + checksumBytes) return undefined;
  const start = preludeBytes + message.readUInt32BE(4);
  try {
    return JSON.parse(message.toString('utf8', start, message.length - checksumBytes));
  } catch {
    return undefined;
  }
}

function headerOf(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const lengths = Buffer.alloc(3);
  lengths.writeUInt8(stringHeader, 0);
  lengths.writeUInt16BE(valueBytes.length, 1);
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, lengths, valueBytes]);
}
