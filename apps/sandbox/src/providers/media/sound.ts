/*
 * Silence in every format OpenAI speaks, made by hand: short, and what a player takes without complaint.
 */

const sampleRate = 24_000;
const bytesPerSecond = sampleRate * 2;

/** The audio formats of `/audio/speech` and the content type of each. */
export const soundTypes = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
} as const;
export type SoundFormat = keyof typeof soundTypes;

/** Silence of about so many seconds (FLAC: an empty stream; Opus and AAC: one frame). */
export function silence(format: SoundFormat, seconds: number): Buffer {
  switch (format) {
    case 'pcm':
      return Buffer.alloc(Math.ceil(seconds * sampleRate) * 2);
    case 'wav':
      return wavOf(Buffer.alloc(Math.ceil(seconds * sampleRate) * 2));
    case 'mp3':
      return Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(seconds / mp3FrameSeconds)) }, () => mp3Frame));
    case 'aac':
      return aacFrame;
    case 'flac':
      return emptyFlac();
    case 'opus':
      return opusStream();
  }
}

function wavOf(samples: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(bytesPerSecond, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono: 417 bytes for 1,152 samples; all-zero side information is silence. */
const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)]);
const mp3FrameSeconds = 1_152 / 44_100;

/** ADTS, AAC-LC, 44.1 kHz, mono, 13 bytes in all; the payload is the usual silent frame. */
const aacFrame = Buffer.from([0xff, 0xf1, 0x50, 0x40, 0x01, 0xbf, 0xfc, 0x00, 0xc8, 0x00, 0x80, 0x23, 0x80]);

/** A FLAC stream of no samples: the marker and its one mandatory block (blocks of 4,096, 24 kHz, mono, 16 bits). */
function emptyFlac(): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4_096, 0);
  info.writeUInt16BE(4_096, 2);
  info.writeUInt32BE(((sampleRate << 12) | (15 << 4)) >>> 0, 10);
  return Buffer.concat([Buffer.from('fLaC', 'latin1'), Buffer.from([0x80, 0, 0, 34]), info]);
}

/** Ogg Opus: identification, tags, and one packet of silence. */
function opusStream(): Buffer {
  const head = Buffer.from([...Buffer.from('OpusHead'), 1, 1, 0, 0, 0xc0, 0x5d, 0, 0, 0, 0, 0]);
  const vendor = Buffer.from('sandbox');
  const tags = Buffer.concat([Buffer.from('OpusTags'), uint32(vendor.length), vendor, uint32(0)]);
  return Buffer.concat([
    oggPage(head, 2, 0, 0),
    oggPage(tags, 0, 1, 0),
    oggPage(Buffer.from([0xf8, 0xff, 0xfe]), 4, 2, 960),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function oggPage(packet: Buffer, flags: number, sequence: number, position: number): Buffer {
  const header = Buffer.alloc(28);
  header.write('OggS', 0, 'latin1');
  header.writeUInt8(flags, 5);
  header.writeUInt32LE(position, 6);
  header.writeUInt32LE(1, 14);
  header.writeUInt32LE(sequence, 18);
  header.writeUInt8(1, 26);
  header.writeUInt8(packet.length, 27);
  const page = Buffer.concat([header, packet]);
  page.writeUInt32LE(oggChecksum(page), 22);
  return page;
}

/** Ogg's own CRC-32: polynomial 0x04c11db7, not reversed, nothing inverted. */
function oggChecksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** The length of a recording in seconds: from a WAV header, otherwise as if it had 64 kbit/s. */
export function secondsOf(sound: Buffer): number {
  const isWav = sound.length >= 44 && sound.toString('latin1', 0, 4) === 'RIFF';
  const rate = isWav ? sound.readUInt32LE(28) : 8_000;
  return rate === 0 ? 0 : (sound.length - (isWav ? 44 : 0)) / rate;
}
