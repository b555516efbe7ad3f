import { crc32 } from 'node:zlib';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CHECKSUM_LENGTH = 8;

/** One record: CRC-32 of the payload as 8 hexadecimal digits, a space, the payload, a newline. Throws on a payload of more than one line. */
export function encodeSpoolLine(payload: string): Buffer {
  if (payload.includes('\n')) throw new TypeError('a spool record is one line');
  const length = Buffer.byteLength(payload);
  const line = Buffer.allocUnsafe(CHECKSUM_LENGTH + 1 + length + 1);
  line.write(payload, CHECKSUM_LENGTH + 1, 'utf8');
  const checksum = crc32(line.subarray(CHECKSUM_LENGTH + 1, CHECKSUM_LENGTH + 1 + length));
  line.write(checksum.toString(16).padStart(CHECKSUM_LENGTH, '0'), 0, 'latin1');
  line[CHECKSUM_LENGTH] = SPACE;
  line[line.length - 1] = NEWLINE;
  return line;
}

export interface SpoolContents {
  readonly payloads: readonly string[];
  /** lines whose checksum is wrong, among them a last line that was not finished */
  readonly damagedLines: number;
}

/**
 * Every record whose checksum is right, in order. A power cut leaves a torn tail, a full disk can leave a torn line with whole ones after
 * it: each line answers for itself, so damage never reaches a neighbour.
 */
export function decodeSpoolLines(contents: Buffer): SpoolContents {
  const payloads: string[] = [];
  let damagedLines = 0;
  for (let start = 0; start < contents.length; ) {
    const newline = contents.indexOf(NEWLINE, start);
    const payload = newline < 0 ? null : decodeLine(contents.subarray(start, newline));
    if (payload === null) damagedLines += 1;
    else payloads.push(payload);
    if (newline < 0) break;
    start = newline + 1;
  }
  return { payloads, damagedLines };
}

function decodeLine(line: Buffer): string | null {
  if (line.length <= CHECKSUM_LENGTH || line[CHECKSUM_LENGTH] !== SPACE) return null;
  const checksum = line.toString('latin1', 0, CHECKSUM_LENGTH);
  if (!/^[0-9a-f]{8}$/.test(checksum)) return null;
  const payload = line.subarray(CHECKSUM_LENGTH + 1);
  return crc32(payload) === Number.parseInt(checksum, 16) ? payload.toString('utf8') : null;
}
