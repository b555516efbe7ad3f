/**
 * One pass over the bytes of one streamed chunk. It runs for every event of every stream, so it builds nothing: positions
 * are written into one reused layout. A byte below 0x20 outside of a JSON escape ends the scan: inside one SSE line there is none,
 * so an event scanned in place and the same event put together from pieces are read alike.
 */
export interface ChunkLayout {
  /** index after the closing brace */
  end: number;
  /** index after the opening brace */
  bodyFrom: number;
  idFrom: number;
  idTo: number;
  modelFrom: number;
  modelTo: number;
  usageFrom: number;
  usageTo: number;
  /** the usage member with the comma that must go with it */
  usageMemberFrom: number;
  usageMemberTo: number;
  usageIsObject: boolean;
  errorFrom: number;
  errorTo: number;
  groqFrom: number;
  groqTo: number;
  /** where the array of `choices` starts */
  choicesFrom: number;
  hasChoices: boolean;
  /** `choices` has at least one element */
  hasChoice: boolean;
  hasChoiceError: boolean;
  finishFrom: number;
  finishTo: number;
  deltaCount: number;
  deltas: number[];
}

export function createChunkLayout(): ChunkLayout {
  return {
    end: -1,
    bodyFrom: -1,
    idFrom: -1,
    idTo: -1,
    modelFrom: -1,
    modelTo: -1,
    usageFrom: -1,
    usageTo: -1,
    usageMemberFrom: -1,
    usageMemberTo: -1,
    usageIsObject: false,
    errorFrom: -1,
    errorTo: -1,
    groqFrom: -1,
    groqTo: -1,
    choicesFrom: -1,
    hasChoices: false,
    hasChoice: false,
    hasChoiceError: false,
    finishFrom: -1,
    finishTo: -1,
    deltaCount: 0,
    deltas: [],
  };
}

function clear(layout: ChunkLayout): void {
  layout.end = -1;
  layout.idFrom = -1;
  layout.modelFrom = -1;
  layout.usageFrom = -1;
  layout.usageIsObject = false;
  layout.errorFrom = -1;
  layout.groqFrom = -1;
  layout.choicesFrom = -1;
  layout.hasChoices = false;
  layout.hasChoice = false;
  layout.hasChoiceError = false;
  layout.finishFrom = -1;
  layout.deltaCount = 0;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const LETTER_N = 110;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Scans the object at `from`; false where the bytes up to `to` hold no complete JSON object. */
export function scanChunk(bytes: Buffer, from: number, to: number, layout: ChunkLayout): boolean {
  clear(layout);
  layout.bodyFrom = from + 1;
  const first = skipSpaces(bytes, from + 1, to);
  if (first < to && bytes[first] === CLOSE_BRACE) {
    layout.end = first + 1;
    return true;
  }
  return scanMembers(bytes, first, to, -1, layout);
}

/** Scans from the array of `choices` on: for a chunk whose beginning is byte for byte that of an earlier one. */
export function scanFromChoices(bytes: Buffer, choicesFrom: number, to: number, layout: ChunkLayout): boolean {
  clear(layout);
  const valueTo = bytes[choicesFrom] === OPEN_BRACKET ? scanChoices(bytes, choicesFrom, to, layout) : -1;
  const separator = valueTo === -1 ? to : skipSpaces(bytes, valueTo, to);
  if (separator >= to) return false;
  if (bytes[separator] === CLOSE_BRACE) {
    layout.end = separator + 1;
    return true;
  }
  return bytes[separator] === COMMA && scanMembers(bytes, skipSpaces(bytes, separator + 1, to), to, separator, layout);
}

function scanMembers(bytes: Buffer, from: number, to: number, comma: number, layout: ChunkLayout): boolean {
  let index = from;
  let commaBefore = comma;
  while (index < to) {
    const keyFrom = index + 1;
    const keyEnd = bytes[index] === QUOTE ? skipText(bytes, index, to) : -1;
    if (keyEnd === -1) return false;
    const valueFrom = skipColon(bytes, keyEnd, to);
    if (valueFrom === -1) return false;
    const length = keyEnd - 1 - keyFrom;
    const isChoices = length === 7 && bytes[valueFrom] === OPEN_BRACKET && isWord(bytes, keyFrom, 'choices');
    const valueTo = isChoices ? scanChoices(bytes, valueFrom, to, layout) : skipAny(bytes, valueFrom, to);
    if (valueTo === -1) return false;
    const separator = skipSpaces(bytes, valueTo, to);
    if (separator >= to) return false;
    if (!isChoices) note(bytes, keyFrom, length, valueFrom, valueTo, layout);
    if (layout.usageFrom === valueFrom) noteRemoval(bytes, keyFrom, valueTo, commaBefore, separator, to, layout);
    if (bytes[separator] === CLOSE_BRACE) {
      layout.end = separator + 1;
      return true;
    }
    if (bytes[separator] !== COMMA) return false;
    commaBefore = separator;
    index = skipSpaces(bytes, separator + 1, to);
  }
  return false;
}

function note(bytes: Buffer, keyFrom: number, length: number, from: number, to: number, layout: ChunkLayout): void {
  if (length === 2 && isWord(bytes, keyFrom, 'id')) {
    layout.idFrom = from;
    layout.idTo = to;
  } else if (length === 5 && isWord(bytes, keyFrom, 'model')) {
    layout.modelFrom = from;
    layout.modelTo = to;
  } else if (length === 5 && isWord(bytes, keyFrom, 'usage')) {
    layout.usageFrom = from;
    layout.usageTo = to;
    layout.usageIsObject = bytes[from] === OPEN_BRACE;
  } else if (length === 5 && bytes[from] !== LETTER_N && isWord(bytes, keyFrom, 'error')) {
    layout.errorFrom = from;
    layout.errorTo = to;
  } else if (length === 6 && bytes[from] === OPEN_BRACE && isWord(bytes, keyFrom, 'x_groq')) {
    layout.groqFrom = from;
    layout.groqTo = to;
  } else if (length === 7 && isWord(bytes, keyFrom, 'choices')) layout.hasChoices = true;
}

function noteRemoval(
  bytes: Buffer,
  keyFrom: number,
  valueTo: number,
  commaBefore: number,
  separator: number,
  to: number,
  layout: ChunkLayout,
): void {
  if (bytes[separator] === COMMA) {
    layout.usageMemberFrom = keyFrom - 1;
    layout.usageMemberTo = skipSpaces(bytes, separator + 1, to);
  } else {
    layout.usageMemberFrom = commaBefore === -1 ? keyFrom - 1 : commaBefore;
    layout.usageMemberTo = valueTo;
  }
}

function scanChoices(bytes: Buffer, from: number, to: number, layout: ChunkLayout): number {
  layout.hasChoices = true;
  layout.choicesFrom = from;
  let index = skipSpaces(bytes, from + 1, to);
  if (index < to && bytes[index] === CLOSE_BRACKET) return index + 1;
  layout.hasChoice = true;
  while (index < to) {
    const valueTo = bytes[index] === OPEN_BRACE ? scanChoice(bytes, index, to, layout) : skipAny(bytes, index, to);
    if (valueTo === -1) return -1;
    const separator = skipSpaces(bytes, valueTo, to);
    if (separator >= to) return -1;
    if (bytes[separator] === CLOSE_BRACKET) return separator + 1;
    if (bytes[separator] !== COMMA) return -1;
    index = skipSpaces(bytes, separator + 1, to);
  }
  return -1;
}

function scanChoice(bytes: Buffer, from: number, to: number, layout: ChunkLayout): number {
  let index = skipSpaces(bytes, from + 1, to);
  if (index < to && bytes[index] === CLOSE_BRACE) return index + 1;
  while (index < to) {
    const keyFrom = index + 1;
    const keyEnd = bytes[index] === QUOTE ? skipText(bytes, index, to) : -1;
    if (keyEnd === -1) return -1;
    const valueFrom = skipColon(bytes, keyEnd, to);
    if (valueFrom === -1) return -1;
    const valueTo = skipAny(bytes, valueFrom, to);
    if (valueTo === -1) return -1;
    noteInChoice(bytes, keyFrom, keyEnd - 1 - keyFrom, valueFrom, valueTo, layout);
    const separator = skipSpaces(bytes, valueTo, to);
    if (separator >= to) return -1;
    if (bytes[separator] === CLOSE_BRACE) return separator + 1;
    if (bytes[separator] !== COMMA) return -1;
    index = skipSpaces(bytes, separator + 1, to);
  }
  return -1;
}

function noteInChoice(
  bytes: Buffer,
  keyFrom: number,
  length: number,
  from: number,
  to: number,
  layout: ChunkLayout,
): void {
  if (length === 5 && bytes[from] === OPEN_BRACE && isWord(bytes, keyFrom, 'delta')) {
    // `{}` delivers nothing
    if (to - from === 2) return;
    layout.deltas[layout.deltaCount] = from;
    layout.deltas[layout.deltaCount + 1] = to;
    layout.deltaCount += 2;
  } else if (length === 13 && bytes[from] === QUOTE && to - from > 2 && isWord(bytes, keyFrom, 'finish_reason')) {
    layout.finishFrom = from;
    layout.finishTo = to;
  } else if (length === 5 && bytes[from] === OPEN_BRACE && isWord(bytes, keyFrom, 'error'))
    layout.hasChoiceError = true;
}

function skipSpaces(bytes: Buffer, from: number, to: number): number {
  let index = from;
  while (index < to && (bytes[index] === 32 || bytes[index] === 9)) index += 1;
  return index;
}

function skipColon(bytes: Buffer, from: number, to: number): number {
  const colon = skipSpaces(bytes, from, to);
  if (colon >= to || bytes[colon] !== 58) return -1;
  const value = skipSpaces(bytes, colon + 1, to);
  return value < to ? value : -1;
}

function skipText(bytes: Buffer, from: number, to: number): number {
  let index = from + 1;
  while (index < to) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) return index + 1;
    if (byte < 32) return -1;
    index += 1;
    if (byte === BACKSLASH) {
      if ((bytes[index] ?? 0) < 32) return -1;
      index += 1;
    }
  }
  return -1;
}

function skipAny(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipText(bytes, from, to);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(bytes, from, to);
  let depth = 0;
  let index = from;
  while (index < to) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) {
      index = skipText(bytes, index, to);
      if (index === -1) return -1;
      continue;
    }
    if (byte < 32 && byte !== 9) return -1;
    index += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return index;
  }
  return -1;
}

function skipScalar(bytes: Buffer, from: number, to: number): number {
  let index = from;
  while (index < to) {
    const byte = bytes[index] ?? 0;
    // digits, lower-case letters (true, false, null, e), + - . E
    if (
      !(
        (byte >= 97 && byte <= 122) ||
        (byte >= 48 && byte <= 57) ||
        byte === 45 ||
        byte === 46 ||
        byte === 43 ||
        byte === 69
      )
    )
      break;
    index += 1;
  }
  return index === from ? -1 : index;
}

function isWord(bytes: Buffer, from: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[from + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}
