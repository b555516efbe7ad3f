import { describe, expect, test } from 'vitest';
import { secondsBound, secondsOf } from './audio-seconds.js';
import { wavOf } from './lane-target.fixture.js';

/** MPEG 1 layer III at 128 kbit/s and 44.1 kHz: 417 bytes for 1,152 samples. */
function mp3Of(frames: number): Buffer {
  const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)]);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

function id3(bytes: number): Buffer {
  const head = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, bytes >> 7, bytes & 127]);
  return Buffer.concat([head, Buffer.alloc(bytes, 0xff)]);
}

function flacOf(seconds: number): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt32BE(((16_000 << 12) | (15 << 4)) >>> 0, 10);
  info.writeUInt32BE(seconds * 16_000, 14);
  return Buffer.concat([Buffer.from('fLaC', 'latin1'), Buffer.from([0x80, 0, 0, 34]), info]);
}

function oggOf(seconds: number): Buffer {
  const page = (position: bigint, packet: Buffer): Buffer => {
    const head = Buffer.alloc(28);
    head.write('OggS', 0, 'latin1');
    head.writeBigInt64LE(position, 6);
    return Buffer.concat([head, packet]);
  };
  const opus = Buffer.concat([Buffer.from('OpusHead'), Buffer.from([1, 1, 0x38, 1, 0, 0, 0, 0, 0, 0, 0])]);
  return Buffer.concat([page(0n, opus), page(BigInt(seconds * 48_000 + 312), Buffer.alloc(3))]);
}

function mp4Of(seconds: number): Buffer {
  const box = (name: string, ...contents: Buffer[]): Buffer => {
    const all = Buffer.concat(contents);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(all.length + 8, 0);
    head.write(name, 4, 'latin1');
    return Buffer.concat([head, all]);
  };
  const movie = Buffer.alloc(100);
  movie.writeUInt32BE(1_000, 12);
  movie.writeUInt32BE(seconds * 1_000, 16);
  return Buffer.concat([box('ftyp', Buffer.alloc(8)), box('mdat', Buffer.alloc(99)), box('moov', box('mvhd', movie))]);
}

const adts = Buffer.from([0xff, 0xf1, 0x50, 0x40, 0x01, 0xbf, 0xfc, 0x00, 0xc8, 0x00, 0x80, 0x23, 0x80]);

test.each([
  ['WAV', wavOf(2.5), 2.5],
  ['WAV of a recorder that did not know how long it would be', wavOf(2.5, 8_000, 0), 2.5],
  ['WAV that claims more than there is', wavOf(2.5, 8_000, 0xffffffff), 2.5],
  ['FLAC', flacOf(7), 7],
  ['Opus', oggOf(3), 3],
  ['MP4', mp4Of(12), 12],
  ['AAC', Buffer.concat([adts, adts, adts]), (3 * 1_024) / 44_100],
  ['MP3', mp3Of(100), (100 * 1_152) / 44_100],
  ['MP3 behind tags, with padding', Buffer.concat([id3(300), mp3Of(5), Buffer.alloc(128)]), (5 * 1_152) / 44_100],
])('%s says how long it is', (_name, file, seconds) => {
  expect(secondsOf(file)).toBeCloseTo(seconds, 6);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('hello, this is not sound')],
  ['zeros', Buffer.alloc(10_000)],
  ['a WAV without data', wavOf(1).subarray(0, 36)],
  ['a FLAC of unknown length', flacOf(0)],
])('%s has no length', (_name, file) => {
  expect(secondsOf(file)).toBeNull();
});

test('no bytes make it throw or hang', () => {
  const samples = [wavOf(0.01), flacOf(7), oggOf(3), mp4Of(12), mp3Of(2), adts];
  for (const sample of samples)
    for (let at = 0; at < Math.min(sample.length, 200); at += 1)
      for (const byte of [0, 1, 127, 255]) {
        const broken = Buffer.from(sample);
        broken[at] = byte;
        for (const file of [broken, broken.subarray(0, at)]) {
          const seconds = secondsOf(file);
          expect(seconds === null || seconds > 0).toBe(true);
          expect(secondsBound(file)).toBeGreaterThanOrEqual(1);
        }
      }
});

describe('the bound', () => {
  test('of a WAV is exact, and is of the bytes that are there, not of the number that is claimed', () => {
    expect([secondsBound(wavOf(60)), secondsBound(wavOf(60, 8_000, 16))]).toEqual([60, 60]);
  });

  test('of everything else goes by its size', () => {
    expect(secondsBound(mp3Of(100))).toBe(Math.ceil(41_700 / 750));
  });
});
