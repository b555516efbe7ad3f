import type { Part, ToolResultContent } from './part.js';

/** Whether a part may stand inside of a tool's result. */
export function isResultContent(part: Part): part is ToolResultContent {
  switch (part.kind) {
    case 'text':
    case 'image':
    case 'document':
    case 'audio':
    case 'video':
    case 'opaque':
      return true;
    case 'refusal':
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
    case 'server_tool':
      return false;
  }
}
