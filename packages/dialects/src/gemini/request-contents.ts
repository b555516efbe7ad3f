import { isObject, otherMembers } from '../canonical/json-read.js';
import type {
  Extras,
  JsonObject,
  Part,
  ReasoningPart,
  Seal,
  ToolCallPart,
  ToolResultContent,
} from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import { readSealBase64 } from '../canonical/seal-envelope.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import { inlineSource, isAccountFile, type MediaPart, mediaPart } from './media.js';
import { opaquePart, PART_KINDS, type PartKind, partKindOf, serverToolPart } from './part-kind.js';
import type { RequestReader } from './request-reader.js';
import { decodeToolResponse } from './tool-response.js';
import { known, member, type WireName, writtenTwice } from './wire.js';

const ROLES: Readonly<Record<string, Message['role']>> = {
  user: 'user',
  function: 'user',
  tool: 'user',
  model: 'assistant',
};
const CONTENT_MEMBERS = known('role', 'parts');

/** Reads `contents`: turns without a role are the user's, results of functions are the user's whatever role they have. */
export function decodeContents(value: unknown, reader: RequestReader): Message[] {
  const calls = new CallBook();
  return reader.objects(value, 'contents').map((content, index) => {
    const path = `contents[${index}]`;
    const role = reader.text(content['role'], `${path}.role`) ?? 'user';
    if (!Object.hasOwn(ROLES, role)) reader.wrong(`${path}.role`, 'user or model');
    return {
      role: ROLES[role] ?? 'user',
      parts: decodeParts(member(content, 'parts'), reader, `${path}.parts`, calls),
      ...extrasOf(content, CONTENT_MEMBERS),
    };
  });
}

/** Reads `systemInstruction`: a content, a part, or the text itself, as Google's SDKs let people write it. */
export function decodeSystem(value: unknown, reader: RequestReader): Message[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [{ role: 'system', parts: [{ kind: 'text', text: value }] }];
  const content = reader.object(value, 'systemInstruction');
  if (content === null) return [];
  const isPart = typeof content['text'] === 'string';
  const parts = isPart ? [content] : member(content, 'parts');
  return [{ role: 'system', parts: decodeParts(parts, reader, 'systemInstruction.parts', new CallBook()) }];
}

function decodeParts(value: unknown, reader: RequestReader, path: string, calls: CallBook): Part[] {
  const parts: Part[] = [];
  for (const [index, part] of reader.objects(value, path).entries()) {
    refuseTwice(part, PART_KINDS, reader, `${path}[${index}]`);
    const kind = partKindOf(part);
    const decoded = DECODERS[kind](part, { reader, path: `${path}[${index}]`, calls });
    for (const one of decoded) addPart(parts, one);
  }
  return parts;
}

/** A thought that was streamed in pieces, the last of them with a seal of another vendor, is one thought again. */
function addPart(parts: Part[], part: Part): void {
  const before = parts.at(-1);
  const isForeign = part.kind === 'reasoning' && part.seal !== null && part.seal.dialect !== 'gemini';
  const continues = before?.kind === 'reasoning' && before.seal === null && part.kind === 'reasoning';
  if (continues && (isForeign || part.seal === null))
    parts[parts.length - 1] = {
      ...thought(before.text + part.text + part.summary.join(''), part.seal),
      ...kept(before.extras ?? part.extras),
    };
  else parts.push(part);
}

interface PartContext {
  readonly reader: RequestReader;
  readonly path: string;
  readonly calls: CallBook;
}

type PartDecoder = (part: JsonObject, context: PartContext) => readonly Part[];

const DECODERS: Readonly<Record<PartKind, PartDecoder>> = {
  text: decodeText,
  inlineData: decodeInline,
  fileData: decodeFile,
  functionCall: decodeCall,
  functionResponse: decodeResult,
  executableCode: (part) => [serverToolPart('executableCode', part)],
  codeExecutionResult: (part) => [serverToolPart('codeExecutionResult', part)],
  toolCall: (part) => [serverToolPart('toolCall', part)],
  toolResponse: (part) => [serverToolPart('toolResponse', part)],
  unknown: (part) => (Object.keys(part).length === 0 ? [] : [opaquePart(part)]),
};

const TEXT_MEMBERS = known('text', 'thought', 'thoughtSignature');

function decodeText(part: JsonObject, { reader, path }: PartContext): readonly Part[] {
  const text = reader.text(part['text'], `${path}.text`) ?? '';
  const seal = sealOf(part);
  const extras = extrasOf(part, TEXT_MEMBERS);
  if (part['thought'] === true) return [{ ...thought(text, seal), ...extras }];
  const foreign = foreignThought(seal);
  if (foreign !== null && text === '') return [foreign];
  const own = { kind: 'text', text, ...(seal === null || foreign !== null ? {} : { seal }), ...extras } as const;
  return foreign === null ? [own] : [foreign, own];
}

const MEDIA_MEMBERS = known('inlineData', 'fileData', 'thought', 'thoughtSignature');

function decodeInline(part: JsonObject, { reader, path }: PartContext): readonly Part[] {
  if (part['thought'] === true) return [opaquePart(part)];
  const inline = reader.object(member(part, 'inlineData'), `${path}.inlineData`) ?? {};
  const source = inlineSource(inline);
  if (source === null) {
    reader.wrong(`${path}.inlineData`, 'an object with mimeType and data');
    return [];
  }
  return sealed(mediaPart(source, nameOf(inline), mediaExtras(part)), sealOf(part));
}

function decodeFile(part: JsonObject, { reader, path }: PartContext): readonly Part[] {
  const file = reader.object(member(part, 'fileData'), `${path}.fileData`) ?? {};
  refuseTwice(file, FILE_MEMBERS, reader, `${path}.fileData`);
  const url = reader.text(member(file, 'fileUri'), `${path}.fileData.fileUri`) ?? '';
  if (url === '') reader.wrong(`${path}.fileData.fileUri`, 'a URL');
  else if (isAccountFile(url))
    reader.refuse(
      'not_supported',
      `${path}.fileData.fileUri names an uploaded file, which this gateway does not have: send inlineData or an https URL.`,
      `${path}.fileData.fileUri`,
    );
  const mediaType = reader.text(member(file, 'mimeType'), `${path}.fileData.mimeType`);
  return sealed(mediaPart({ kind: 'url', url, mediaType }, nameOf(file), mediaExtras(part)), sealOf(part));
}

const FILE_MEMBERS = ['fileUri', 'mimeType'] as const;

/** Two readers could take two different ones of them: what is checked must be what is sent. */
function refuseTwice(source: JsonObject, names: readonly WireName[], reader: RequestReader, path: string): void {
  const twice = writtenTwice(source, names);
  if (twice !== null) reader.refuse('duplicate_field', `The field ${path}.${twice} appears in both spellings.`, path);
}

function nameOf(source: JsonObject): string | null {
  const name = member(source, 'displayName');
  return typeof name === 'string' && name !== '' ? name : null;
}

function mediaExtras(part: JsonObject): Extras | null {
  return extrasOf(part, MEDIA_MEMBERS).extras ?? null;
}

function sealed(part: MediaPart, seal: Seal | null): readonly Part[] {
  const foreign = foreignThought(seal);
  if (foreign !== null) return [foreign, part];
  return [part.kind === 'image' && seal !== null ? { ...part, seal } : part];
}

const CALL_MEMBERS = known('functionCall', 'thoughtSignature', 'thought');

function decodeCall(part: JsonObject, { reader, path, calls }: PartContext): readonly Part[] {
  const call = reader.object(member(part, 'functionCall'), `${path}.functionCall`) ?? {};
  const name = reader.text(call['name'], `${path}.functionCall.name`) ?? '';
  if (name === '') reader.wrong(`${path}.functionCall.name`, 'the name of a function');
  const args = reader.object(call['args'], `${path}.functionCall.args`);
  const id = calls.call(reader.text(call['id'], `${path}.functionCall.id`), name);
  const seal = sealOf(part);
  const foreign = foreignThought(seal);
  const own: ToolCallPart = {
    kind: 'tool_call',
    id,
    name,
    arguments: argumentsText(args),
    variant: 'function',
    ...(seal === null || foreign !== null ? {} : { seal }),
    ...extrasOf(part, CALL_MEMBERS),
  };
  return foreign === null ? [own] : [foreign, own];
}

const RESULT_MEMBERS = known('functionResponse', 'thoughtSignature', 'thought');

function decodeResult(part: JsonObject, { reader, path, calls }: PartContext): readonly Part[] {
  const result = reader.object(member(part, 'functionResponse'), `${path}.functionResponse`) ?? {};
  const name = reader.text(result['name'], `${path}.functionResponse.name`);
  const { text, isError } = decodeToolResponse(result['response']);
  const content: ToolResultContent[] = text === null ? [] : [{ kind: 'text', text }];
  const media = { reader, path: `${path}.functionResponse`, calls };
  for (const one of reader.objects(result['parts'], `${path}.functionResponse.parts`))
    content.push(...decodeResultMedia(one, media));
  return [
    {
      kind: 'tool_result',
      callId: calls.answer(reader.text(result['id'], `${path}.functionResponse.id`), name),
      name,
      content,
      isError,
      variant: 'function',
      ...extrasOf(part, RESULT_MEMBERS),
    },
  ];
}

function decodeResultMedia(part: JsonObject, context: PartContext): readonly ToolResultContent[] {
  const kind = partKindOf(part);
  if (kind !== 'inlineData' && kind !== 'fileData') return [opaquePart(part)];
  const decoded = DECODERS[kind](part, context);
  return decoded.filter((one): one is MediaPart => ['image', 'audio', 'video', 'document'].includes(one.kind));
}

function sealOf(part: JsonObject): Seal | null {
  const value = member(part, 'thoughtSignature');
  return typeof value === 'string' && value !== '' ? readSealBase64(value, 'gemini', 'signature') : null;
}

/** A seal another vendor made travelled here on a part: it stood for a thought before that part, and is one again. */
function foreignThought(seal: Seal | null): ReasoningPart | null {
  return seal === null || seal.dialect === 'gemini' ? null : thought('', seal);
}

/** What a Responses model thought was shown as its summary, and goes back as one. */
function thought(text: string, seal: Seal | null): ReasoningPart {
  const isSummary = seal?.dialect === 'openai-responses' && text !== '';
  return { kind: 'reasoning', text: isSummary ? '' : text, summary: isSummary ? [text] : [], seal, id: null };
}

function kept(extras: Extras | undefined): { extras?: Extras } {
  return extras === undefined ? {} : { extras };
}

function extrasOf(source: JsonObject, members: ReadonlySet<string>): { extras?: Extras } {
  const fields = otherMembers(source, members);
  return fields === null || !isObject(fields) ? {} : { extras: { dialect: 'gemini', fields } };
}

/** Calls of a conversation in order. Most have no id on this wire: one is made up, and results find it by name and order (W26). */
class CallBook {
  readonly #open: { readonly id: string; readonly name: string }[] = [];
  #made = 0;

  call(given: string | null, name: string): string {
    const id = given === null || given === '' ? this.#next() : given;
    this.#open.push({ id, name });
    return id;
  }

  answer(given: string | null, name: string | null): string {
    const isNamed = given !== null && given !== '';
    const byId = isNamed ? this.#open.findIndex(({ id }) => id === given) : -1;
    const at = byId === -1 && !isNamed ? this.#open.findIndex((call) => name === null || call.name === name) : byId;
    const [answered] = at === -1 ? [] : this.#open.splice(at, 1);
    return answered?.id ?? (isNamed ? given : this.#next());
  }

  #next(): string {
    this.#made += 1;
    return syntheticCallId('history', this.#made);
  }
}
