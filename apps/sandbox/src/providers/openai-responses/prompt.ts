import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import { type Item, itemsOf, type ResponsesRequest } from './wire.js';

/** The request in the words of the sandbox's own answer machine: what is asked, with which tools, in which form. */
export function spokenRequestOf(request: ResponsesRequest): ChatRequest {
  const instructions = request.instructions ?? '';
  return {
    model: request.model,
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
      ...itemsOf(request.input).flatMap(chatMessageOf),
    ],
    ...toolsOf(request),
    ...formatOf(request),
  };
}

function toolsOf(request: ResponsesRequest): Partial<ChatRequest> {
  const choice = request.tool_choice ?? 'auto';
  const allowed =
    typeof choice === 'object' && choice.type === 'allowed_tools'
      ? (choice.tools ?? []).map((tool) => tool.name)
      : null;
  const tools = (request.tools ?? []).flatMap((tool) =>
    tool.type === 'function' && tool.defer_loading !== true && (allowed === null || allowed.includes(tool.name))
      ? [
          {
            type: 'function',
            function: { name: tool.name, description: tool.description, parameters: tool.parameters },
          },
        ]
      : [],
  );
  if (tools.length === 0) return {};
  return { tools, tool_choice: choiceOf(choice), parallel_tool_calls: request.parallel_tool_calls };
}

function choiceOf(choice: NonNullable<ResponsesRequest['tool_choice']>): NonNullable<ChatRequest['tool_choice']> {
  if (typeof choice === 'string') return choice;
  if (choice.type === 'function') return { type: 'function', function: { name: choice.name ?? '' } };
  return choice.type === 'allowed_tools' && choice.mode === 'required' ? 'required' : 'auto';
}

function formatOf(request: ResponsesRequest): Partial<ChatRequest> {
  const format = request.text?.format;
  switch (format?.type) {
    case 'json_schema':
      return { response_format: { type: 'json_schema', json_schema: { name: format.name, schema: format.schema } } };
    case 'json_object':
      return { response_format: { type: 'json_object' } };
    default:
      return {};
  }
}

function chatMessageOf(item: Item): ChatMessage[] {
  switch (item.type) {
    case 'message':
      return [
        { role: item.role, content: typeof item.content === 'string' ? item.content : item.content.map(chatPartOf) },
      ];
    case 'function_call': {
      const call = { id: item.call_id, function: { name: item.name, arguments: item.arguments } };
      return [{ role: 'assistant', content: null, tool_calls: [call] }];
    }
    case 'function_call_output':
      return [{ role: 'tool', tool_call_id: item.call_id, content: outputTextOf(item) }];
    case 'reasoning':
      return [];
    default:
      return [];
  }
}

type InputPart = Extract<Extract<Item, { type: 'message' }>['content'], readonly unknown[]>[number];
type ChatPart = Extract<NonNullable<ChatMessage['content']>, readonly unknown[]>[number];

function chatPartOf(part: InputPart): ChatPart {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text };
    case 'refusal':
      return part;
    case 'input_image': {
      const url = part.image_url ?? part.file_id ?? '';
      return { type: 'image_url', image_url: { url, ...(part.detail === 'low' ? { detail: 'low' } : {}) } };
    }
    case 'input_file':
    case 'input_audio':
      return { type: 'file', file: { ...part } };
  }
}

function outputTextOf({ output }: Extract<Item, { type: 'function_call_output' }>): string {
  if (typeof output === 'string') return output;
  return output.map((part) => (part.type === 'input_text' ? part.text : '')).join('');
}
