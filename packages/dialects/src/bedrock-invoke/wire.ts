/** The name of this dialect. Claude's bodies are Anthropic's, so seals and extras are in that name. */
export const ME = 'bedrock-invoke';

/** Claude in any spelling of a Bedrock model id, inference profiles and ARNs included. */
export function isClaude(model: string): boolean {
  return /anthropic\.|claude/.test(model);
}

/** InvokeModel adds what a guardrail did and what was counted to the model's own body, under these names. */
export const GUARDRAIL_ACTION = 'amazon-bedrock-guardrailAction';
export const GUARDRAIL_TRACE = 'amazon-bedrock-trace';
export const METRICS = 'amazon-bedrock-invocationMetrics';
