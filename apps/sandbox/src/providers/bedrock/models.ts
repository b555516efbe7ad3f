import type { ConverseRequest } from './converse-wire.js';
import { type BedrockError, modelRefusal, unsupportedField, validationError } from './errors.js';

/** Whether a model id (or the inference profile before it) is of a vendor. */
export function isOf(model: string, vendor: string): boolean {
  return new RegExp(`(^|[./])${vendor}\\.`).test(model);
}

/** Model ids that stand for one that does not exist. */
export function isUnknownModel(model: string): boolean {
  return /does-not-exist|nonexistent|no-such-model/.test(model);
}

/** How many tokens a model may think; null when it does not think. Read from the fields each family has for it. */
export function thinkingBudget(model: string, fields: unknown): number | null {
  const thinking = fieldOf(fields, 'thinking');
  const type = fieldOf(thinking, 'type');
  if (type === 'adaptive') return usualBudget;
  if (type === 'enabled') return Number(fieldOf(thinking, 'budget_tokens') ?? usualBudget);
  const config = fieldOf(fields, 'reasoning_config') ?? fieldOf(fields, 'reasoningConfig');
  if (fieldOf(config, 'type') === 'enabled') return Number(fieldOf(config, 'budget_tokens') ?? usualBudget);
  if (typeof config === 'string' && config !== 'none') return usualBudget;
  return /deepseek\.r1|gpt-oss/.test(model) ? usualBudget : null;
}

const usualBudget = 1_024;
const leastBudget = 1_024;

/** What one model refuses that another takes. */
export function modelLimits(model: string, request: ConverseRequest, isStream: boolean): BedrockError | null {
  if (isOf(model, 'anthropic')) return claudeLimits(model, request);
  const { toolConfig } = request;
  if (isOf(model, 'amazon') && /titan/.test(model)) {
    if ((request.system?.length ?? 0) > 0)
      return validationError(
        "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
      );
    if (toolConfig !== undefined) return validationError("This model doesn't support tool use.");
  }
  if (isOf(model, 'meta') && toolConfig !== undefined) {
    if (toolConfig.toolChoice?.any !== undefined) return unsupportedField('toolConfig.toolChoice.any');
    if (toolConfig.toolChoice?.tool !== undefined) return unsupportedField('toolConfig.toolChoice.tool');
    if (isStream && /llama3/.test(model))
      return validationError("This model doesn't support tool use in streaming mode.");
  }
  return null;
}

function claudeLimits(model: string, request: ConverseRequest): BedrockError | null {
  const blocks = request.messages?.flatMap(({ content }) => content) ?? [];
  if (blocks.some((block) => block.video !== undefined))
    return validationError(
      "This model doesn't support the video content block that you provided. Update the content block and try again.",
    );
  const oddId = blocks.map((block) => block.toolUse?.toolUseId).find((id) => id !== undefined && !/^[\w-]+$/.test(id));
  if (oddId !== undefined)
    return modelRefusal(`messages.content.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
  const last = request.messages?.at(-1);
  const closing = last?.role === 'assistant' ? last.content.at(-1)?.text : undefined;
  if (closing !== undefined && /\s$/.test(closing))
    return modelRefusal('messages: final assistant content cannot end with trailing whitespace');
  const { temperature, topP } = request.inferenceConfig ?? {};
  if (
    temperature !== undefined &&
    topP !== undefined &&
    /claude-(sonnet|haiku|opus)-4-[5-9]|claude-opus-4-1/.test(model)
  )
    return modelRefusal('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  return thinkingLimits(request);
}

function thinkingLimits(request: ConverseRequest): BedrockError | null {
  const thinking = fieldOf(request.additionalModelRequestFields, 'thinking');
  if (fieldOf(thinking, 'type') !== 'enabled') return null;
  const budget = fieldOf(thinking, 'budget_tokens');
  if (typeof budget !== 'number') return modelRefusal('thinking.enabled.budget_tokens: Field required');
  if (budget < leastBudget)
    return modelRefusal(`thinking.enabled.budget_tokens: Input should be greater than or equal to ${leastBudget}`);
  const { maxTokens, temperature } = request.inferenceConfig ?? {};
  if (maxTokens !== undefined && maxTokens <= budget)
    return modelRefusal(
      '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size',
    );
  if (temperature !== undefined && temperature !== 1)
    return modelRefusal(
      '`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking',
    );
  const final = request.messages?.findLast((message) => message.role === 'assistant');
  const goesOn = request.messages?.at(-1)?.content.some((block) => block.toolResult !== undefined) === true;
  if (goesOn && final !== undefined && final.content[0]?.reasoningContent === undefined)
    return modelRefusal(
      `messages.${request.messages?.indexOf(final)}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found ` +
        `\`${final.content[0]?.text === undefined ? 'tool_use' : 'text'}\`. When \`thinking\` is enabled, a final \`assistant\` message must start ` +
        'with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks ' +
        'from previous turns. To avoid this requirement, disable `thinking`.',
    );
  const choice = request.toolConfig?.toolChoice;
  return choice?.any !== undefined || choice?.tool !== undefined
    ? modelRefusal('Thinking may not be enabled when tool_choice forces tool use.')
    : null;
}

/** A field of a value that may be anything. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
