import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import { jsonSchemaOf } from './schema-rules.js';
import { type Content, declarationsOf, type FunctionDeclaration, type GenerateRequest, type Part } from './wire.js';

/** The request in the words of the sandbox's own answer machine: what is asked, with which tools, in which form. */
export function spokenRequestOf(request: GenerateRequest, model: string): ChatRequest {
  const calling = request.toolConfig?.functionCallingConfig;
  const allowed = calling?.allowedFunctionNames ?? [];
  const declared = declarationsOf(request).filter(
    (declaration) => allowed.length === 0 || allowed.includes(declaration.name ?? ''),
  );
  const system = textOf(request.systemInstruction);
  return {
    model,
    seed: request.generationConfig?.seed ?? null,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
      ...chatMessagesOf(request.contents ?? []),
    ],
    ...(declared.length === 0
      ? {}
      : { tools: declared.map(chatToolOf), tool_choice: choices[calling?.mode ?? ''] ?? 'auto' }),
    ...responseFormatOf(request),
  };
}

const choices: Readonly<Record<string, 'none' | 'auto' | 'required'>> = { NONE: 'none', ANY: 'required' };

function chatToolOf(declaration: FunctionDeclaration): NonNullable<ChatRequest['tools']>[number] {
  const parameters: unknown =
    declaration.parametersJsonSchema ??
    (declaration.parameters === undefined ? { type: 'object' } : jsonSchemaOf(declaration.parameters));
  return {
    type: 'function',
    function: {
      name: declaration.name ?? '',
      description: declaration.description ?? '',
      parameters: Object(parameters),
    },
  };
}

function responseFormatOf({ generationConfig: config }: GenerateRequest): Pick<ChatRequest, 'response_format'> {
  const isJson = config?.responseMimeType === 'application/json';
  const schema: unknown =
    config?.responseJsonSchema ??
    (config?.responseSchema === undefined ? undefined : jsonSchemaOf(config.responseSchema));
  if (schema !== undefined)
    return { response_format: { type: 'json_schema', json_schema: { name: 'response', schema: Object(schema) } } };
  return isJson ? { response_format: { type: 'json_object' } } : {};
}

/** Calls get ids by their place, and the responses after them the same in turn: many conversations have none. */
function chatMessagesOf(contents: readonly Content[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let waiting: string[] = [];
  for (const [index, content] of contents.entries()) {
    const parts = content.parts ?? [];
    const text = textOf(content);
    if (content.role === 'model') {
      const calls = parts.flatMap((part, at) => callOf(part, `call_${index}_${at}`));
      waiting = [...waiting, ...calls.map((call) => call.id)];
      messages.push({ role: 'assistant', content: text, ...(calls.length === 0 ? {} : { tool_calls: calls }) });
      continue;
    }
    for (const part of parts)
      if (part.functionResponse !== undefined) {
        const [id = 'call', ...rest] = waiting;
        waiting = rest;
        messages.push({
          role: 'tool',
          tool_call_id: id,
          content: JSON.stringify(part.functionResponse.response ?? {}),
        });
      }
    const said = parts.flatMap(userPartOf);
    if (said.length > 0) messages.push({ role: 'user', content: said });
  }
  return messages;
}

function callOf(
  { functionCall: call }: Part,
  id: string,
): { id: string; function: { name: string; arguments: string } }[] {
  return call === undefined
    ? []
    : [{ id, function: { name: call.name ?? '', arguments: JSON.stringify(call.args ?? {}) } }];
}

type UserPart = Extract<NonNullable<ChatMessage['content']>, readonly unknown[]>[number];

/** A picture counts as one at low detail, anything else that has only a size as a file. */
function userPartOf(part: Part): UserPart[] {
  if (part.text !== undefined) return [{ type: 'text', text: part.text }];
  const { inlineData: inline, fileData: file } = part;
  if (inline === undefined && file === undefined) return [];
  const url = inline?.data ?? file?.fileUri ?? '';
  const mimeType = inline?.mimeType ?? file?.mimeType ?? '';
  return mimeType.startsWith('image/')
    ? [{ type: 'image_url', image_url: { url, detail: 'low' } }]
    : [{ type: 'file', file: { url } }];
}

function textOf(content: Content | undefined): string {
  return (content?.parts ?? []).map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('');
}
