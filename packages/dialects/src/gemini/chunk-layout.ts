import { skipString, skipValue, skipWhitespace } from '../json-layout.js';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Where things are in one chunk; positions are absolute, -1 where there is none. Reused from chunk to chunk. */
export interface ChunkLayout {
  /** after the closing brace */
  end: number;
  /** after the last member's value; -1 in an empty chunk */
  lastTo: number;
  candidatesFrom: number;
  candidatesTo: number;
  usageFrom: number;
  usageTo: number;
  modelFrom: number;
  modelTo: number;
  idFrom: number;
  idTo: number;
  /** an error or something about the prompt: to be read as a whole */
  isRare: boolean;
  /** the candidates say more than text: an end, a call, sources */
  isMarked: boolean;
  /** the usage counts something: Vertex sends only `trafficType` until the end */
  hasCounts: boolean;
}

export function createChunkLayout(): ChunkLayout {
  return {
    end: -1,
    lastTo: -1,
    candidatesFrom: -1,
    candidatesTo: -1,
    usageFrom: -1,
    usageTo: -1,
    modelFrom: -1,
    modelTo: -1,
    idFrom: -1,
    idTo: -1,
    isRare: false,
    isMarked: false,
    hasCounts: false,
  };
}

/** Reads the chunk that starts at `from` in one pass; false where it is no JSON object, or not all there. */
export function scanChunk(bytes: Buffer, from: number, to: number, layout: ChunkLayout): boolean {
  reset(layout);
  if (bytes[from] !== OPEN_BRACE) return false;
  let index = skipWhitespace(bytes, from + 1, to);
  if (bytes[index] === CLOSE_BRACE && index < to) {
    layout.end = index + 1;
    return true;
  }
  while (index < to) {
    if (bytes[index] !== QUOTE) return false;
    const keyEnd = skipString(bytes, index, to);
    if (keyEnd === -1) return false;
    const colon = skipWhitespace(bytes, keyEnd, to);
    if (colon >= to || bytes[colon] !== COLON) return false;
    const valueFrom = skipWhitespace(bytes, colon + 1, to);
    const valueTo = valueFrom < to ? readMember(bytes, index + 1, keyEnd - 1, valueFrom, to, layout) : -1;
    if (valueTo === -1) return false;
    layout.lastTo = valueTo;
    const separator = skipWhitespace(bytes, valueTo, to);
    if (separator >= to) return false;
    if (bytes[separator] === CLOSE_BRACE) {
      layout.end = separator + 1;
      return true;
    }
    if (bytes[separator] !== COMMA) return false;
    index = skipWhitespace(bytes, separator + 1, to);
  }
  return false;
}

function reset(layout: ChunkLayout): void {
  layout.end = -1;
  layout.lastTo = -1;
  layout.candidatesFrom = -1;
  layout.usageFrom = -1;
  layout.modelFrom = -1;
  layout.idFrom = -1;
  layout.isRare = false;
  layout.isMarked = false;
  layout.hasCounts = false;
}

function readMember(
  bytes: Buffer,
  keyFrom: number,
  keyTo: number,
  valueFrom: number,
  to: number,
  layout: ChunkLayout,
): number {
  if (isWord(bytes, keyFrom, keyTo, 'candidates')) {
    layout.candidatesFrom = valueFrom;
    layout.candidatesTo = scanMarked(bytes, valueFrom, to, layout);
    return layout.candidatesTo;
  }
  if (isWord(bytes, keyFrom, keyTo, 'usageMetadata')) {
    layout.usageFrom = valueFrom;
    layout.usageTo = scanMarked(bytes, valueFrom, to, layout);
    return layout.usageTo;
  }
  const valueTo = skipValue(bytes, valueFrom, to);
  if (isWord(bytes, keyFrom, keyTo, 'modelVersion')) {
    layout.modelFrom = valueFrom;
    layout.modelTo = valueTo;
  } else if (isWord(bytes, keyFrom, keyTo, 'responseId')) {
    layout.idFrom = valueFrom;
    layout.idTo = valueTo;
  } else if (isWord(bytes, keyFrom, keyTo, 'error') || isWord(bytes, keyFrom, keyTo, 'promptFeedback'))
    layout.isRare = true;
  return valueTo;
}

/** As `skipValue`, with a look at the names on the way. A name inside of a text is no name: its quotes are escaped. */
function scanMarked(bytes: Buffer, from: number, to: number, layout: ChunkLayout): number {
  const first = bytes[from];
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipValue(bytes, from, to);
  let depth = 0;
  let index = from;
  while (index < to) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      const end = skipString(bytes, index, to);
      if (end === -1) return -1;
      if (end - index >= SHORTEST_MARK) noteName(bytes, index + 1, end - 1, layout);
      index = end;
      continue;
    }
    index += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return index;
  }
  return -1;
}

const MARKS = ['finishReason', 'functionCall', 'groundingMetadata'] as const;
const COUNTS = 'TokenCount';
/** with its quotes */
const SHORTEST_MARK = 14;

function noteName(bytes: Buffer, from: number, to: number, layout: ChunkLayout): void {
  for (const mark of MARKS) if (isWord(bytes, from, to, mark)) layout.isMarked = true;
  if (isWord(bytes, to - COUNTS.length, to, COUNTS)) layout.hasCounts = true;
}

function isWord(bytes: Buffer, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let index = 0; index < word.length; index += 1) if (bytes[from + index] !== word.charCodeAt(index)) return false;
  return true;
}
