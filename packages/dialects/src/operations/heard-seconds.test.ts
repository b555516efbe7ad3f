import { describe, expect, it } from 'vitest';
import { heardSeconds } from './heard-seconds.js';

/** A FLAC header that says how long it is, in front of as many bytes as wanted. */
function flac(seconds: number, bytes: number): Buffer {
  const file = Buffer.alloc(Math.max(bytes, 42));
  file.write('fLaC', 0, 'latin1');
  const rate = 16_000;
  file.writeUIntBE(rate << 4, 18, 3);
  file.writeUInt32BE(rate * seconds, 22);
  return file;
}

const words = (count: number): string => 'word '.repeat(count);

describe('how long a recording is held to be, where the provider does not say', () => {
  it('is what its container says, where nothing speaks against it', () => {
    expect(heardSeconds(flac(60, 1_000_000), words(150), 'text')).toBe(60);
  });

  it('is never less than its bytes can be played in, whatever the caller wrote into the header', () => {
    expect(heardSeconds(flac(1, 9_000_000), '', 'text')).toBe(30);
  });

  it('is never less than its words can be said in', () => {
    expect(heardSeconds(flac(1, 1_000), words(9_000), 'text')).toBeGreaterThanOrEqual(900);
  });

  it('is never less than the last time in the subtitles that came back', () => {
    const srt = '1\n00:00:00,000 --> 00:00:04,200\nHi.\n\n2\n00:59:58,000 --> 01:00:00,040\nBye.\n';
    expect(heardSeconds(flac(1, 1_000), srt, 'srt')).toBe(3_601);
    const vtt = 'WEBVTT\n\n00:00.000 --> 00:04.200\nHi.\n\n59:58.000 --> 59:59.500\nBye.\n';
    expect(heardSeconds(flac(1, 1_000), vtt, 'vtt')).toBe(3_600);
    // Times in what was said are words, not times.
    expect(heardSeconds(flac(60, 1_000), 'at 99:00:00 --> 99:59:59', 'text')).toBe(60);
  });

  it('is what its size allows at most where it is no container that we know', () => {
    expect(heardSeconds(Buffer.alloc(75_000, 1), '', 'text')).toBe(100);
  });
});
