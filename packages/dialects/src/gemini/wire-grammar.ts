import { isObject, list, objects } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

/**
 * What Google's own streams keep to, as an automaton: every chunk is a response with our names on it, contents are the model's, parts have one
 * kind each, every candidate ends once and says nothing after it, usage stands on the last chunk. `add` takes the JSON of each chunk and throws on
 * the first violation, `end` on what is missing. For tests.
 */
export function createWireGrammar(): { add(chunk: unknown): void; end(): void } {
  const seen = new Set<number>();
  const ended = new Set<number>();
  let isBlocked = false;
  let last: JsonObject | null = null;
  return {
    add(chunk) {
      ensure(isObject(chunk), 'a chunk is an object');
      ensure(typeof chunk['responseId'] === 'string' && chunk['responseId'] !== '', 'a chunk has a responseId');
      ensure(typeof chunk['modelVersion'] === 'string' && chunk['modelVersion'] !== '', 'a chunk has a modelVersion');
      ensure(last === null || last['responseId'] === chunk['responseId'], 'the responseId is one and the same');
      last = chunk;
      if (isObject(chunk['promptFeedback'])) isBlocked = true;
      for (const candidate of objects(chunk['candidates'])) addCandidate(candidate, seen, ended);
    },
    end() {
      ensure(last !== null, 'a stream has a chunk');
      ensure(isObject(last['usageMetadata']), 'the last chunk has the usage');
      ensure(seen.size > 0 || isBlocked, 'there is a candidate, or a prompt that was blocked');
      for (const index of seen) ensure(ended.has(index), `candidate ${index} has no finishReason`);
    },
  };
}

function addCandidate(candidate: JsonObject, seen: Set<number>, ended: Set<number>): void {
  const index = candidate['index'] ?? 0;
  ensure(typeof index === 'number', 'an index is a number');
  ensure(!ended.has(index), `candidate ${index} goes on after its finishReason`);
  seen.add(index);
  const { content, finishReason } = candidate;
  ensure(content === undefined || isObject(content), 'a content is an object');
  if (isObject(content)) addContent(content);
  if (finishReason === undefined) return;
  ensure(typeof finishReason === 'string' && /^[A-Z_]+$/.test(finishReason), 'a finishReason is a word in capitals');
  ended.add(index);
}

const KINDS = [
  'text',
  'functionCall',
  'inlineData',
  'fileData',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
] as const;

function addContent(content: JsonObject): void {
  ensure(content['role'] === undefined || content['role'] === 'model', 'what a model says has its role');
  for (const part of list(content['parts'])) {
    ensure(isObject(part), 'a part is an object');
    const kinds = KINDS.filter((kind) => part[kind] !== undefined);
    ensure(kinds.length <= 1, `a part has one kind, not ${kinds.join(' and ')}`);
    ensure(part['text'] === undefined || typeof part['text'] === 'string', 'a text is a string');
    const signature = part['thoughtSignature'];
    ensure(signature === undefined || isBase64(signature), 'a thoughtSignature is base64');
    const call = part['functionCall'];
    if (isObject(call) && call['args'] !== undefined) ensure(isObject(call['args']), 'arguments are an object');
  }
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && /^[\w+/-]+=*$/.test(value);
}

function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`Gemini's stream: ${message}`);
}
