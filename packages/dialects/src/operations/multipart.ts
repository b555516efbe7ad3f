import { isUtf8 } from 'node:buffer';
import type { Decoded } from '../canonical/codec.js';
import { applySplices, type Splice } from '../splice.js';

/** One field of a form. Its value is [valueFrom, valueTo) of the body; the whole part, from its delimiter on, is [from, to). */
export interface FormPart {
  readonly name: string;
  /** null: a plain field */
  readonly fileName: string | null;
  readonly contentType: string | null;
  readonly from: number;
  readonly to: number;
  readonly valueFrom: number;
  readonly valueTo: number;
}

export interface Form {
  readonly body: Buffer;
  readonly parts: readonly FormPart[];
}

const PARTS_MAX = 200;
const HEADER_BYTES_MAX = 4_096;
const FIELD_BYTES_MAX = 1_048_576;

/**
 * Reads a multipart/form-data body (RFC 7578) without copying any of it. Strict, because a provider parses the same bytes again and must come to
 * the same fields: no preamble, no second name in one part, no transfer encoding, nothing behind the end.
 */
export function readForm(body: Buffer, contentType: string): Decoded<Form> {
  const boundary = boundaryOf(contentType);
  if (boundary === null)
    return refused('Send the request as multipart/form-data with a boundary.', 'unsupported_content_type');
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  if (body.indexOf(delimiter) !== 0) return refused('The form does not begin with its boundary.');
  const next = Buffer.concat([LINE_END, delimiter]);
  const parts: FormPart[] = [];
  let from = 0;
  let at = delimiter.length;
  for (;;) {
    if (body[at] === DASH && body[at + 1] === DASH) return ended(body, at + 2, parts);
    if (body[at] !== 13 || body[at + 1] !== 10) return refused('The form has something behind a boundary.');
    const to = body.indexOf(next, at);
    if (to === -1) return refused('The form breaks off.');
    if (parts.length >= PARTS_MAX) return refused(`The form has more than ${PARTS_MAX} fields.`);
    const part = readPart(body, from, at + 2, to);
    if (typeof part === 'string') return refused(part);
    parts.push(part);
    from = to;
    at = to + next.length;
  }
}

const LINE_END = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const DASH = 45;

function refused(message: string, code: 'invalid_request' | 'unsupported_content_type' = 'invalid_request') {
  return { ok: false, failure: { code, message, param: null } } as const;
}

function boundaryOf(contentType: string): string | null {
  const [, quoted, bare] =
    /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^;\s"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare ?? '';
  return /^[\w'()+,./:=? -]{1,70}$/.test(boundary) ? boundary : null;
}

function ended(body: Buffer, at: number, parts: readonly FormPart[]): Decoded<Form> {
  const rest = body.toString('latin1', at, at + 3);
  if (body.length > at + 2 || (rest !== '' && rest !== '\r\n'))
    return refused('The form has something behind its end.');
  return { ok: true, value: { body, parts } };
}

/** The part, or what is wrong with it. */
function readPart(body: Buffer, from: number, headFrom: number, to: number): FormPart | string {
  const headTo = body.indexOf(HEAD_END, headFrom);
  if (headTo === -1 || headTo >= to || headTo - headFrom > HEADER_BYTES_MAX)
    return 'A field of the form has no proper headers.';
  const head = body.subarray(headFrom, headTo);
  if (!isUtf8(head)) return 'The headers of a field are not valid UTF-8.';
  const headers = new Map<string, string>();
  for (const line of head.toString('utf8').split('\r\n')) {
    const [, name, value] = /^([\w-]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || headers.has(name.toLowerCase()))
      return 'A field of the form has no proper headers.';
    headers.set(name.toLowerCase(), value);
  }
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  if (!['binary', '8bit', '7bit'].includes(encoding)) return 'Send the fields of the form without a transfer encoding.';
  const disposition = readDisposition(headers.get('content-disposition') ?? '');
  const name = disposition?.get('name');
  if (disposition === null || name === undefined) return 'A field of the form has no name.';
  const fileName = disposition.get('filename') ?? null;
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? null;
  return { name, fileName, contentType: type, from, to, valueFrom: headTo + HEAD_END.length, valueTo: to };
}

/** `form-data` and its parameters, each once. `filename*` is RFC 5987's and forbidden in forms; Go and Python agree that it is not read. */
function readDisposition(value: string): ReadonlyMap<string, string> | null {
  const [, rest] = /^form-data(.*)$/i.exec(value) ?? [];
  if (rest === undefined) return null;
  const parameters = new Map<string, string>();
  const pattern = /\s*;\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/y;
  while (pattern.lastIndex < rest.length) {
    const at = pattern.lastIndex;
    const [, name = '', quoted, bare] = pattern.exec(rest) ?? [];
    if (name === '') return /^\s*;?\s*$/.test(rest.slice(at)) ? parameters : null;
    const key = name.toLowerCase();
    if (key === 'name*' || parameters.has(key)) return null;
    parameters.set(key, quoted === undefined ? (bare ?? '') : quoted.replace(/\\(["\\])/g, '$1'));
  }
  return parameters;
}

/** The text of a plain field; null where there is none. Undefined where it stands twice, is a file, or is no text. */
export function fieldText({ body, parts }: Form, name: string): string | null | undefined {
  const [part, ...more] = parts.filter((one) => one.name === name);
  if (part === undefined) return null;
  const bytes = body.subarray(part.valueFrom, part.valueTo);
  const isText = part.fileName === null && bytes.length <= FIELD_BYTES_MAX && isUtf8(bytes);
  return more.length === 0 && isText ? bytes.toString('utf8') : undefined;
}

/** The form with some values replaced and some fields left out; files stay the bytes they are. */
export function spliceForm(
  { body, parts }: Form,
  set: Readonly<Record<string, string>>,
  removed: ReadonlySet<string>,
): Buffer {
  const splices: Splice[] = [];
  // The first delimiter has no line end before it: what is taken out there ends after the line end of the next one.
  const first = parts.findIndex((part) => !removed.has(part.name));
  const lead = first === -1 ? parts.at(-1) : parts[first - 1];
  if (lead !== undefined) splices.push({ from: 0, to: lead.to + LINE_END.length, bytes: NOTHING });
  for (const part of first === -1 ? [] : parts.slice(first)) {
    const value = set[part.name];
    if (removed.has(part.name)) splices.push({ from: part.from, to: part.to, bytes: NOTHING });
    else if (value !== undefined) splices.push({ from: part.valueFrom, to: part.valueTo, bytes: Buffer.from(value) });
  }
  return Buffer.concat(applySplices(body, splices));
}

const NOTHING = Buffer.alloc(0);
