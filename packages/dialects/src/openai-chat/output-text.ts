import { countTextTokens } from '../token-count.js';
import { isObject, type JsonObject } from './wire.js';

/**
 * What a `message` or a `delta` delivers, as text that can be counted: content, reasoning, refusal, tool calls. Reasoning that a provider
 * repeats under a second name (`reasoning`, `reasoning_content`, `reasoning_details`) is taken once.
 */
export interface OutputText {
  content: string[];
  reasoning: string[];
  calls: string[];
}

export function createOutputText(): OutputText {
  return { content: [], reasoning: [], calls: [] };
}

/** Adds the texts of one message or delta. */
export function addOutput(output: OutputText, part: JsonObject): void {
  addContent(output, part['content']);
  addText(output.content, part['refusal']);
  if (isObject(part['audio'])) addText(output.content, part['audio']['transcript']);
  const reasoning = firstText(part['reasoning_content'], part['reasoning'], part['thinking']);
  if (reasoning === '') addReasoningDetails(output, part['reasoning_details']);
  else output.reasoning.push(reasoning);
  if (isObject(part['function_call'])) addCall(output, part['function_call']);
  if (Array.isArray(part['tool_calls'])) for (const call of part['tool_calls']) addToolCall(output, call);
}

/** Whether it delivers anything a caller would call an answer: text, reasoning, a call, an image, audio. */
export function hasOutput(part: JsonObject): boolean {
  const output = createOutputText();
  addOutput(output, part);
  if (output.content.length + output.reasoning.length + output.calls.length > 0) return true;
  return (
    isFilled(part['tool_calls']) ||
    isFilled(part['images']) ||
    isFilled(part['reasoning_details']) ||
    isObject(part['audio'])
  );
}

/** Tokens by our own count. */
export function countOutputText(output: OutputText): number {
  const text = [output.content.join(''), output.reasoning.join(''), output.calls.join('')];
  return text.reduce((tokens, part) => tokens + countTextTokens(part), 0);
}

function addContent(output: OutputText, content: unknown): void {
  if (Array.isArray(content)) {
    for (const part of content) {
      if (!isObject(part)) continue;
      addText(output.content, part['text']);
      addThinking(output, part['thinking']);
    }
    return;
  }
  // Cloudflare answers a schema with the object itself instead of its text.
  if (isObject(content)) output.content.push(JSON.stringify(content));
  else addText(output.content, content);
}

function addThinking(output: OutputText, thinking: unknown): void {
  if (!Array.isArray(thinking)) return addText(output.reasoning, thinking);
  for (const part of thinking) if (isObject(part)) addText(output.reasoning, part['text']);
}

function addReasoningDetails(output: OutputText, details: unknown): void {
  if (!Array.isArray(details)) return;
  for (const detail of details) {
    if (!isObject(detail)) continue;
    addText(output.reasoning, detail['text']);
    addText(output.reasoning, detail['summary']);
  }
}

function addToolCall(output: OutputText, call: unknown): void {
  if (!isObject(call)) return;
  if (isObject(call['function'])) addCall(output, call['function']);
  if (isObject(call['custom'])) {
    addText(output.calls, call['custom']['name']);
    addText(output.calls, call['custom']['input']);
  }
}

function addCall(output: OutputText, call: JsonObject): void {
  addText(output.calls, call['name']);
  const given = call['arguments'];
  if (isObject(given)) output.calls.push(JSON.stringify(given));
  else addText(output.calls, given);
}

function addText(texts: string[], value: unknown): void {
  if (typeof value === 'string' && value !== '') texts.push(value);
}

function firstText(...values: readonly unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && value !== '') ?? '';
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
