import { deflateSync } from 'node:zlib';
import { diceOf, rollBetween } from '../../answers/dice.js';
import { crc32 } from '../crc32.js';

const side = 8;
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A valid PNG of 8×8 dots in a colour the text decides. */
export function pngOf(text: string): Buffer {
  const dice = diceOf(text);
  const colour = [0, 1, 2].map(() => rollBetween(dice, 32, 223));
  const row = Buffer.from([0, ...Array.from({ length: side }, () => colour).flat()]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.concat(Array.from({ length: side }, () => row)));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** One grey dot as JPEG and one as WebP: for the formats nobody here can draw in. */
const dots: Readonly<Record<'jpeg' | 'webp', string>> = {
  jpeg:
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgAL' +
    'CAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  webp: 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=',
};

/** A picture in one of the formats OpenAI can send, as base64. */
export function pictureBase64(text: string, format: 'png' | 'jpeg' | 'webp'): string {
  return format === 'png' ? pngOf(text).toString('base64') : dots[format];
}
