import { opensSeal } from '../seal.js';
import { type GoogleError, invalidArgument } from './errors.js';
import { isThirdGeneration } from './models.js';
import type { Content, GenerateRequest, Part } from './wire.js';

export const thoughtIssuer = 'google thought';

/** What the surroundings say about a request. */
export interface Door {
  readonly model: string;
  readonly isVertex: boolean;
  /** Whether thought signatures are looked at; off for conversations that were recorded elsewhere. */
  readonly checksSignatures: boolean;
}

/** Texts Google's documentation allows in place of a signature, for calls that were made by another model. */
const signatureStandIns = new Set(
  ['context_engineering_is_the_way_to_go', 'skip_thought_signature_validator'].map(standardBase64),
);

/** Bytes may come in either alphabet of base64, padded or not; the stand-ins also as the bare words. */
function standardBase64(words: string): string {
  return Buffer.from(words, 'utf8').toString('base64');
}

function isStandIn(given: string): boolean {
  return (
    signatureStandIns.has(standardBase64(given)) ||
    signatureStandIns.has(Buffer.from(given, 'base64').toString('base64'))
  );
}

/** What a signature was given for: the call it stands on, or text. */
export function signedContentOf(part: Part): string {
  return part.functionCall === undefined ? 'text' : `call ${part.functionCall.name ?? ''}`;
}

/** Checks what the contents say after one another. */
export function conversationError(request: GenerateRequest, door: Door): GoogleError | null {
  const contents = request.contents ?? [];
  if (contents.length === 0) return invalidArgument('* GenerateContentRequest.contents: contents is not specified\n');
  return (
    shapeError(contents, door) ??
    callOrderError(contents) ??
    (door.checksSignatures ? signatureError(contents, door) : null) ??
    missingSignatureError(contents, door)
  );
}

function shapeError(contents: readonly Content[], door: Door): GoogleError | null {
  for (const [index, content] of contents.entries()) {
    const isRoleless = content.role === undefined && !door.isVertex;
    if (!isRoleless && content.role !== 'user' && content.role !== 'model')
      return invalidArgument('Please use a valid role: user, model.');
    const place = `* GenerateContentRequest.contents[${index}].parts`;
    const parts = content.parts ?? [];
    if (parts.length === 0) return invalidArgument(`${place}: contents.parts must not be empty.\n`);
    for (const [at, part] of parts.entries()) {
      const error = partError(part, content, `${place}[${at}]`, door);
      if (error !== null) return error;
    }
  }
  return null;
}

const metadata = new Set(['thought', 'thoughtSignature', 'partMetadata', 'videoMetadata', 'mediaResolution']);

function partError(part: Part, content: Content, place: string, door: Door): GoogleError | null {
  if (Object.keys(part).every((key) => metadata.has(key)))
    return invalidArgument(`${place}.data: required oneof field 'data' must have one initialized field\n`);
  if (door.isVertex && part.text === '' && part.thoughtSignature === undefined && content.parts?.length === 1)
    return invalidArgument(
      'Unable to submit request because it must have a text parameter. Add a text parameter and try again.',
    );
  if (part.functionCall !== undefined && (part.functionCall.name ?? '') === '')
    return invalidArgument(`${place}.function_call.name: Name cannot be empty.\n`);
  if (part.functionResponse !== undefined && (part.functionResponse.name ?? '') === '')
    return invalidArgument(`${place}.function_response.name: Name cannot be empty.\n`);
  if (part.functionResponse !== undefined && part.functionResponse.response === undefined)
    return invalidArgument(`${place}.function_response.response: response must be set.\n`);
  if (part.inlineData !== undefined && (part.inlineData.mimeType ?? '') === '')
    return invalidArgument(`${place}.inline_data.mime_type: mime_type must be set.\n`);
  return null;
}

/** Contents of one role in a row count as one turn: calls follow the user, responses follow calls at once, and there are as many of them. */
function callOrderError(contents: readonly Content[]): GoogleError | null {
  const turns = turnsOf(contents);
  for (const [index, turn] of turns.entries()) {
    const calls = countOf(turn, 'functionCall');
    const responses = countOf(turn, 'functionResponse');
    const previous = turns[index - 1];
    const next = turns[index + 1];
    if (calls > 0 && previous === undefined)
      return invalidArgument(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    if (responses > 0 && (previous === undefined || countOf(previous, 'functionCall') === 0))
      return invalidArgument('Please ensure that function response turn comes immediately after a function call turn.');
    if (calls > 0 && next !== undefined && countOf(next, 'functionResponse') !== calls)
      return invalidArgument(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
  }
  return null;
}

function turnsOf(contents: readonly Content[]): Content[] {
  const turns: Content[] = [];
  for (const content of contents) {
    const last = turns.at(-1);
    const parts = content.parts ?? [];
    if (last !== undefined && (last.role === 'model') === (content.role === 'model'))
      turns[turns.length - 1] = { ...last, parts: [...(last.parts ?? []), ...parts] };
    else turns.push({ ...content, parts });
  }
  return turns;
}

function countOf(content: Content, kind: 'functionCall' | 'functionResponse'): number {
  return (content.parts ?? []).filter((part) => part[kind] !== undefined).length;
}

function signatureError(contents: readonly Content[], door: Door): GoogleError | null {
  for (const part of contents.flatMap((content) => content.parts ?? [])) {
    const given = part.thoughtSignature;
    if (given === undefined || given === '' || isStandIn(given)) continue;
    const seal = Buffer.from(given, 'base64').toString('base64');
    if (!opensSeal(thoughtIssuer, signedContentOf(part), seal))
      return invalidArgument(door.isVertex ? 'Thought signature is not valid' : 'Corrupted thought signature.');
  }
  return null;
}

/** In the turn that is going on, the third generation wants the first call of each step signed. */
function missingSignatureError(contents: readonly Content[], door: Door): GoogleError | null {
  if (!isThirdGeneration(door.model)) return null;
  const turnStart = contents.findLastIndex(
    (content) => content.role !== 'model' && countOf(content, 'functionResponse') === 0,
  );
  for (const [index, content] of contents.entries()) {
    if (index < turnStart || content.role !== 'model') continue;
    const first = (content.parts ?? []).find((part) => part.functionCall !== undefined);
    if (first !== undefined && (first.thoughtSignature ?? '') === '')
      return invalidArgument(
        `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${first.functionCall?.name}\` , position ${index + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
      );
  }
  return null;
}
