import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import type { Spoken } from '../spoken-answer.js';
import type { ConverseBlock, ConverseMessage, ConverseRequest, ConverseToolResult } from './converse-wire.js';
import { thinkingBudget } from './models.js';

/** The request in the words of the answer machine. */
export function spokenOf(model: string, request: ConverseRequest): Spoken {
  return {
    request: {
      model,
      messages: [...systemOf(request), ...(request.messages ?? []).flatMap(messagesOf)],
      ...toolsOf(request),
      ...formatOf(request),
    },
    maxTokens: request.inferenceConfig?.maxTokens ?? null,
    stop: request.inferenceConfig?.stopSequences ?? [],
    thinkingBudget: thinkingBudget(model, request.additionalModelRequestFields),
  };
}

function systemOf({ system }: ConverseRequest): ChatMessage[] {
  const text = (system ?? []).flatMap((block) => block.text ?? []).join('\n');
  return text === '' ? [] : [{ role: 'system', content: text }];
}

function messagesOf(message: ConverseMessage): ChatMessage[] {
  if (message.role === 'assistant') {
    const calls = message.content.flatMap(({ toolUse }) =>
      toolUse === undefined
        ? []
        : [{ id: toolUse.toolUseId, function: { name: toolUse.name, arguments: JSON.stringify(toolUse.input) } }],
    );
    return [{ role: 'assistant', content: message.content.flatMap(partOf), tool_calls: calls }];
  }
  const results = message.content.flatMap(({ toolResult }): ChatMessage[] =>
    toolResult === undefined
      ? []
      : [{ role: 'tool', tool_call_id: toolResult.toolUseId, content: resultText(toolResult) }],
  );
  const parts = message.content.flatMap(partOf);
  return parts.length === 0 ? results : [{ role: 'user', content: parts }, ...results];
}

type Part = Exclude<ChatMessage['content'], string | null | undefined>[number];

function partOf(block: ConverseBlock): Part[] {
  if (block.text !== undefined) return [{ type: 'text', text: block.text }];
  if (block.image !== undefined)
    return [{ type: 'image_url', image_url: { url: block.image.source.bytes ?? 's3', detail: 'high' } }];
  const file = block.document ?? block.video;
  return file === undefined ? [] : [{ type: 'file', file }];
}

function resultText({ content }: ConverseToolResult): string {
  return content.map((item) => item.text ?? (item.json === undefined ? '' : JSON.stringify(item.json))).join('');
}

function toolsOf({ toolConfig }: ConverseRequest): Pick<ChatRequest, 'tools' | 'tool_choice'> {
  if (toolConfig === undefined) return {};
  const tools = toolConfig.tools.flatMap(({ toolSpec }) =>
    toolSpec === undefined
      ? []
      : [
          {
            type: 'function',
            function: {
              name: toolSpec.name,
              description: toolSpec.description ?? '',
              parameters: Object(toolSpec.inputSchema.json),
            },
          },
        ],
  );
  const { toolChoice } = toolConfig;
  if (toolChoice?.tool !== undefined)
    return { tools, tool_choice: { type: 'function', function: { name: toolChoice.tool.name } } };
  return { tools, tool_choice: toolChoice?.any === undefined ? 'auto' : 'required' };
}

function formatOf({ outputConfig }: ConverseRequest): Pick<ChatRequest, 'response_format'> {
  const wanted = outputConfig?.textFormat?.structure.jsonSchema;
  if (wanted === undefined) return {};
  const json_schema = { name: wanted.name ?? 'output', schema: parsed(wanted.schema) };
  return { response_format: { type: 'json_schema', json_schema } };
}

function parsed(schema: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(schema));
  } catch {
    return {};
  }
}
