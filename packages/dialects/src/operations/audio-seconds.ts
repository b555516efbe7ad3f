/** The least bytes of a second of compressed speech: 6 kbit/s, Opus at its lowest. */
const COMPRESSED_BYTES_PER_SECOND = 750;

/** Seconds that a file cannot have more of: exact for WAV, by its size for everything that is compressed. */
export function secondsBound(file: Buffer): number {
  const wav = wavSeconds(file, false);
  return Math.max(1, Math.ceil(wav ?? file.length / COMPRESSED_BYTES_PER_SECOND));
}

/**
 * How long a recording is, by its own container: WAV, FLAC, MP3 and ADTS frames, the last page of Ogg, the movie header of MP4. Null where none of
 * them is recognised or none of it says.
 */
export function secondsOf(file: Buffer): number | null {
  const seconds =
    wavSeconds(file) ??
    flacSeconds(file) ??
    oggSeconds(file) ??
    mp4Seconds(file) ??
    adtsSeconds(file) ??
    mp3Seconds(file);
  return seconds !== null && Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function tag(file: Buffer, at: number): string {
  return file.toString('latin1', at, at + 4);
}

/** By the bytes that are there: a recorder that did not know how many there would be writes 0 or the most there is. A bound never trusts the number. */
function wavSeconds(file: Buffer, isTrusted = true): number | null {
  if (tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE') return null;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    if (tag(file, at) === 'fmt ' && at + 24 <= file.length) bytesPerSecond = wavRate(file, at + 8);
    if (tag(file, at) === 'data') {
      const rest = file.length - at - 8;
      const bytes = isTrusted && size > 0 ? Math.min(size, rest) : rest;
      return bytesPerSecond > 0 ? bytes / bytesPerSecond : null;
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

/** PCM and floats by samples and block size, which decoders go by; compressed formats by the rate they state. */
function wavRate(file: Buffer, at: number): number {
  const format = file.readUInt16LE(at);
  const isPlain = format === 1 || format === 3 || format === 0xfffe;
  return isPlain ? file.readUInt32LE(at + 4) * file.readUInt16LE(at + 12) : file.readUInt32LE(at + 8);
}

function flacSeconds(file: Buffer): number | null {
  if (tag(file, 0) !== 'fLaC' || file.length < 26) return null;
  const rate = file.readUIntBE(18, 3) >> 4;
  const samples = (file.readUInt8(21) & 0x0f) * 2 ** 32 + file.readUInt32BE(22);
  return rate > 0 && samples > 0 ? samples / rate : null;
}

/** The position on the last page, in samples: of 48 kHz for Opus, of the stream's own rate for Vorbis. */
function oggSeconds(file: Buffer): number | null {
  if (tag(file, 0) !== 'OggS') return null;
  const last = file.lastIndexOf('OggS');
  if (last === -1 || last + 14 > file.length) return null;
  const samples = Number(file.readBigInt64LE(last + 6));
  const opus = file.indexOf('OpusHead');
  if (opus !== -1 && opus + 12 <= file.length) return (samples - file.readUInt16LE(opus + 10)) / 48_000;
  const vorbis = file.indexOf('\x01vorbis', 0, 'latin1');
  return vorbis !== -1 && vorbis + 16 <= file.length ? samples / file.readUInt32LE(vorbis + 12) : null;
}

function mp4Seconds(file: Buffer): number | null {
  if (tag(file, 4) !== 'ftyp') return null;
  const movie = findBox(file, 0, file.length, 'moov');
  const header = movie === null ? null : findBox(file, movie.from, movie.to, 'mvhd');
  if (header === null || header.from + 32 > file.length) return null;
  const isLong = file.readUInt8(header.from) === 1;
  const scale = file.readUInt32BE(header.from + (isLong ? 20 : 12));
  const length = isLong ? Number(file.readBigUInt64BE(header.from + 24)) : file.readUInt32BE(header.from + 16);
  return scale > 0 ? length / scale : null;
}

/** The contents of the first box of a name among its neighbours. */
function findBox(file: Buffer, from: number, to: number, name: string): { from: number; to: number } | null {
  for (let at = from; at + 8 <= to; ) {
    const short = file.readUInt32BE(at);
    const isLong = short === 1 && at + 16 <= to;
    const size = isLong ? Number(file.readBigUInt64BE(at + 8)) : short === 0 ? to - at : short;
    const head = isLong ? 16 : 8;
    if (size < head) return null;
    if (tag(file, at + 4) === name) return { from: at + head, to: Math.min(to, at + size) };
    at += size;
  }
  return null;
}

const ADTS_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

function adtsSeconds(file: Buffer): number | null {
  let seconds = 0;
  for (let at = 0; at + 7 <= file.length; ) {
    const isFrame = file[at] === 0xff && ((file[at + 1] ?? 0) & 0xf6) === 0xf0;
    const rate = ADTS_RATES[((file[at + 2] ?? 0) >> 2) & 0x0f];
    const bytes = (file.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    if (!isFrame || rate === undefined || bytes < 7) return at === 0 ? null : seconds;
    seconds += 1_024 / rate;
    at += bytes;
  }
  return seconds;
}

/** kbit/s of layer III, MPEG 1 and MPEG 2. */
const MP3_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const MP3_SAMPLES = [44_100, 48_000, 32_000] as const;

/** Tags at the end, padding between frames. */
const STRAY_BYTES_MAX = 65_536;

/** Frame by frame, so that it is exact for variable rates too. */
function mp3Seconds(file: Buffer): number | null {
  let seconds = 0;
  let strayBytes = 0;
  for (let at = afterTag(file); at + 4 <= file.length && strayBytes < STRAY_BYTES_MAX; ) {
    const frame = mp3Frame(file, at);
    seconds += frame?.seconds ?? 0;
    strayBytes += frame === null ? 1 : 0;
    at += frame?.bytes ?? 1;
  }
  return seconds === 0 ? null : seconds;
}

function mp3Frame(file: Buffer, at: number): { bytes: number; seconds: number } | null {
  const head = file.readUInt32BE(at);
  const version = (head >>> 19) & 3;
  const rate = MP3_SAMPLES[(head >>> 10) & 3];
  if (head >>> 21 !== 0x7ff || version === 1 || ((head >>> 17) & 3) !== 1 || rate === undefined) return null;
  const isFirst = version === 3;
  const kilobits = MP3_RATES[isFirst ? 0 : 1][(head >>> 12) & 15] ?? 0;
  if (kilobits === 0) return null;
  const samples = isFirst ? 1_152 : 576;
  const hertz = rate / (isFirst ? 1 : version === 2 ? 2 : 4);
  return {
    bytes: Math.floor(((samples / 8) * kilobits * 1_000) / hertz) + ((head >>> 9) & 1),
    seconds: samples / hertz,
  };
}

/** ID3v2: its size in seven bits of each byte. */
function afterTag(file: Buffer): number {
  if (file.length < 10 || file.toString('latin1', 0, 3) !== 'ID3') return 0;
  const [a = 0, b = 0, c = 0, d = 0] = file.subarray(6, 10);
  return 10 + (a << 21) + (b << 14) + (c << 7) + d;
}
