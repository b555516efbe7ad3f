/**
 * Cuts a byte stream into server-sent events, as the WHATWG says: lines end in LF, CRLF or CR; an empty line ends an event.
 * The pieces are the stream's own bytes, the empty line included, so that writing them all gives the stream back.
 *
 * A CR at the very end of what has arrived waits for the next byte, because a LF may follow: the same bytes are cut alike
 * whatever packets they come in.
 */
export interface LineState {
  /** nothing stands in the current line yet */
  isLineEmpty: boolean;
  /** a CR has been read; what it ends depends on the next byte */
  sawReturn: boolean;
}

export function createLineState(): LineState {
  return { isLineEmpty: true, sawReturn: false };
}

/** Reads on from `from`; returns the index after the event's last byte, or -1 where it does not end before `to`. */
export function findEventEnd(bytes: Buffer, from: number, to: number, state: LineState): number {
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index];
    if (state.sawReturn) {
      state.sawReturn = false;
      if (state.isLineEmpty) return byte === 10 ? index + 1 : index;
      state.isLineEmpty = true;
      if (byte === 10) continue;
    }
    if (byte === 13) state.sawReturn = true;
    else if (byte !== 10) state.isLineEmpty = false;
    else if (state.isLineEmpty) return index + 1;
    else state.isLineEmpty = true;
  }
  return -1;
}

/** One event's fields as far as a data stream needs them. Ranges are absolute positions. */
export interface EventFields {
  /** the value of the last `event:` line */
  readonly name: string;
  /** [from, to) of each `data:` value */
  readonly data: readonly { readonly from: number; readonly to: number }[];
  /** [from, to) of every other line that says something, its line end excluded */
  readonly others: readonly { readonly from: number; readonly to: number }[];
}

export function readEventFields(bytes: Buffer, from: number, to: number): EventFields {
  const data: { from: number; to: number }[] = [];
  const others: { from: number; to: number }[] = [];
  let name = '';
  let lineFrom = from;
  for (let index = from; index <= to; index += 1) {
    const byte = bytes[index];
    if (index < to && byte !== 10 && byte !== 13) continue;
    if (index > lineFrom) {
      const valueFrom = fieldValue(bytes, lineFrom, index, 'data');
      if (valueFrom !== -1) data.push({ from: valueFrom, to: index });
      else {
        others.push({ from: lineFrom, to: index });
        const nameFrom = fieldValue(bytes, lineFrom, index, 'event');
        if (nameFrom !== -1) name = bytes.toString('utf8', nameFrom, index);
      }
    }
    lineFrom = index + 1;
  }
  return { name, data, others };
}

/** Where the value of the field starts: after the colon and at most one space; -1 where the line is another field. */
function fieldValue(bytes: Buffer, from: number, to: number, field: string): number {
  for (let index = 0; index < field.length; index += 1) {
    if (bytes[from + index] !== field.charCodeAt(index)) return -1;
  }
  const colon = from + field.length;
  if (colon >= to) return colon === to ? to : -1;
  if (bytes[colon] !== 58) return -1;
  return colon + 1 < to && bytes[colon + 1] === 32 ? colon + 2 : colon + 1;
}

/** An event whose data came in several lines, written anew with one; a space stands where a line ended, which JSON reads alike. */
export function joinDataLines(source: Buffer, { data, others }: EventFields): Buffer {
  const lines = others.map((line) => `${source.toString('utf8', line.from, line.to)}\n`);
  const joined = data.map((line) => source.toString('utf8', line.from, line.to)).join(' ');
  return Buffer.from(`${lines.join('')}data: ${joined}\n\n`);
}

/** Where the text starts: a byte order mark in front of it is none of it. */
export function afterByteOrderMark(source: Buffer, from: number, to: number): number {
  const isMark = to - from >= 3 && source[from] === 0xef && source[from + 1] === 0xbb && source[from + 2] === 0xbf;
  return isMark ? from + 3 : from;
}
