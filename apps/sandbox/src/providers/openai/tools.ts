import type { Callable, ToolChoice, ToolOffer } from '../../answers/tool-calls.js';
import type { ChatRequest, ChatTool } from './wire.js';

/** The tools of a chat request. An `allowed_tools` choice is read as its mode. */
export function toolOfferOf(request: ChatRequest): ToolOffer {
  return {
    tools: (request.tools ?? []).flatMap(callableOf),
    choice: choiceOf(request.tool_choice ?? 'auto'),
    isParallel: request.parallel_tool_calls !== false,
  };
}

function choiceOf(choice: NonNullable<ChatRequest['tool_choice']>): ToolChoice {
  if (typeof choice === 'string') return { kind: choice };
  if (choice.type === 'allowed_tools')
    return { kind: choice.allowed_tools?.['mode'] === 'required' ? 'required' : 'auto' };
  return { kind: 'named', name: choice.function?.name ?? '' };
}

function callableOf(tool: ChatTool): Callable[] {
  if (tool.function === undefined) return [];
  const { name, description, parameters } = tool.function;
  return [{ name, description: description ?? '', parameters: parameters ?? { type: 'object' } }];
}
