import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventMessage, streamEvent } from './aws-event-stream.fixture.js';
import { type EventHeader, EventStreamReader, HEADERS_BYTES_MAX, textHeader } from './aws-event-stream.js';
import { packetsAt } from './cuts.fixture.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);

interface Played {
  readonly messages: readonly { readonly headers: object; readonly payload: string }[];
  readonly fault: unknown;
  readonly endsClean: boolean;
}

function play(bytes: Buffer, cuts: readonly number[] = []): Played {
  const reader = new EventStreamReader();
  const messages: { headers: object; payload: string }[] = [];
  for (const packet of packetsAt(bytes, cuts)) {
    reader.push(packet, (message) =>
      messages.push({ headers: Object.fromEntries(message.headers), payload: message.payload.toString('base64') }),
    );
  }
  return { messages, fault: reader.fault, endsClean: reader.endsClean };
}

const everyType: Readonly<Record<string, EventHeader>> = {
  yes: { kind: 'boolean', value: true },
  no: { kind: 'boolean', value: false },
  byte: { kind: 'byte', value: -7 },
  short: { kind: 'short', value: -30_000 },
  integer: { kind: 'integer', value: 2_000_000_000 },
  long: { kind: 'long', value: -9_007_199_254_740_993n },
  bytes: { kind: 'bytes', value: Buffer.from([0, 255, 128]) },
  words: { kind: 'string', value: 'Grüße 🦊' },
  time: { kind: 'timestamp', value: 1_700_000_000_123n },
  id: { kind: 'uuid', value: '12345678-9abc-def0-1234-56789abcdef0' },
};
const sample = Buffer.concat([
  eventMessage(everyType, Buffer.from([1, 2, 3])),
  eventMessage({}, Buffer.alloc(0)),
  streamEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'naïve 日本' } }),
]);

describe('an AWS event stream', () => {
  it('gives headers of every type and the payload as they were written', () => {
    const { messages, fault, endsClean } = play(sample);
    expect(messages[0]).toEqual({ headers: everyType, payload: 'AQID' });
    expect(messages[1]).toEqual({ headers: {}, payload: '' });
    expect(messages).toHaveLength(3);
    expect(fault).toBeNull();
    expect(endsClean).toBe(true);
  });

  it('S01: cut at every byte, and into single bytes, it gives the same messages', () => {
    const whole = play(sample);
    for (let cut = 1; cut < sample.length; cut += 1) expect(play(sample, [cut]), `cut at ${cut}`).toEqual(whole);
    expect(
      play(
        sample,
        Array.from({ length: sample.length - 1 }, (_, index) => index + 1),
      ),
    ).toEqual(whole);
  });

  it(`S01: cut anywhere and often it gives the same messages (seed ${seed})`, () => {
    const whole = play(sample);
    const cuts = fc.array(fc.nat(sample.length)).map((places) => places.sort((a, b) => a - b));
    fc.assert(
      fc.property(cuts, (places) => {
        expect(play(sample, places)).toEqual(whole);
      }),
      { seed },
    );
  });

  it('any flipped bit is a fault, and nothing is read after it', () => {
    const first = eventMessage(everyType, { a: 1 });
    const bytes = Buffer.concat([first, first]);
    for (let at = 0; at < first.length; at += 1) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 4;
      const { messages, fault } = play(broken, [at]);
      expect(messages, `byte ${at}`).toEqual([]);
      expect(fault, `byte ${at}`).toEqual({
        kind: at < 12 ? 'prelude_checksum' : 'message_checksum',
        atStart: true,
      });
    }
  });

  it('a fault behind good messages leaves those', () => {
    const { messages, fault } = play(Buffer.concat([sample, Buffer.from('{"message":"Too many requests"}')]));
    expect(messages).toHaveLength(3);
    expect(fault).toEqual({ kind: 'prelude_checksum', atStart: false });
  });

  it('a message that has begun and not ended is not clean', () => {
    for (const missing of [1, 20, 60]) {
      const { endsClean, fault } = play(sample.subarray(0, sample.length - missing));
      expect(endsClean).toBe(false);
      expect(fault).toBeNull();
    }
  });

  it.each([
    ['too short for itself', 15, 0],
    ['more headers than message', 40, 25],
    ['headers over their limit', 1_000_000, HEADERS_BYTES_MAX + 1],
    ['a message over its limit', 0xffffffff, 0],
  ])('lengths that cannot be are refused though their checksum holds: %s', (_name, total, headers) => {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(total, 0);
    prelude.writeUInt32BE(headers, 4);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    expect(play(prelude).fault).toEqual({ kind: 'bad_length', atStart: true });
    expect(play(prelude, [5]).fault).toEqual({ kind: 'bad_length', atStart: true });
  });

  it('headers that do not fit are a fault, not a crash', () => {
    const good = eventMessage({ a: 'b' }, Buffer.alloc(0));
    // header bytes: length of the name, name, type, two bytes of length, value
    for (const [at, value] of [
      [12, 200],
      [14, 10],
      [16, 99],
    ] as const) {
      const broken = Buffer.from(good);
      broken[at] = value;
      expect(play(resigned(broken)).fault).toEqual({ kind: 'bad_header', atStart: true });
    }
  });

  it(`no bytes make it throw (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        play(Buffer.from(noise));
        play(Buffer.concat([sample, Buffer.from(noise)]), [3]);
      }),
      { seed },
    );
  });

  it('a header of another type is no text', () => {
    const reader = new EventStreamReader();
    reader.push(eventMessage({ ':event-type': { kind: 'integer', value: 3 } }, {}), (message) =>
      expect(textHeader(message, ':event-type')).toBeNull(),
    );
    expect.assertions(1);
  });
});

/** The same message with a checksum that fits its bytes. */
function resigned(message: Buffer): Buffer {
  const signed = Buffer.from(message);
  signed.writeUInt32BE(crc32(signed.subarray(0, -4)), signed.length - 4);
  return signed;
}
