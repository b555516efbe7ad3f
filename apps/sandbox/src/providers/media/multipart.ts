/** One field of a form. A file has a name. */
export interface FormPart {
  readonly name: string;
  readonly fileName: string | null;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

/** The parts of a multipart/form-data body (RFC 7578), or null when it is none or broken off. */
export function formOf(contentType: string | null, body: Buffer): readonly FormPart[] | null {
  const [, quoted, bare] =
    /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) return null;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const bytes = Buffer.concat([Buffer.from('\r\n'), body]);
  const parts: FormPart[] = [];
  let start = bytes.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    if (bytes.toString('latin1', from, from + 2) === '--') return parts;
    const end = bytes.indexOf(delimiter, from);
    const part = end < 0 ? null : partOf(bytes.subarray(from, end));
    if (part === null) return null;
    parts.push(part);
    start = end;
  }
  return null;
}

function partOf(bytes: Buffer): FormPart | null {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return null;
  const headers = bytes.toString('utf8', 0, blank);
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? '';
  const name = parameter(disposition, 'name');
  if (name === null) return null;
  return {
    name,
    fileName: parameter(disposition, 'filename'),
    contentType: /^content-type:\s*([^\r\n;]+)/im.exec(headers)?.[1]?.trim() ?? null,
    bytes: bytes.subarray(blank + 4),
  };
}

function parameter(disposition: string, name: string): string | null {
  const [, quoted, bare] =
    new RegExp(`[;\\s]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? bare ?? null;
}

/** The text of the first field of a name; null when there is none. */
export function textField(form: readonly FormPart[], name: string): string | null {
  return form.find((part) => part.name === name && part.fileName === null)?.bytes.toString('utf8') ?? null;
}
