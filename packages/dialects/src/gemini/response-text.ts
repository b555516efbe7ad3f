import type { ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import { usageText } from './usage.js';

/** The members of a response that follow its candidates in every chunk: the model as the caller knows it, and our id. */
export function tailText({ model, requestId }: ReplyOptions): string {
  return `"modelVersion":${JSON.stringify(model)},"responseId":${JSON.stringify(requestId)}`;
}

/** The last chunk of a stream, and a whole answer: candidates (JSON text), usage with the cost, and what was lost. */
export function lastResponseText(
  candidates: string,
  promptFeedback: unknown,
  options: ReplyOptions,
  { usage, cost }: ReplyFacts,
  losses: readonly Loss[],
): string {
  const feedback = promptFeedback === undefined ? '' : `,"promptFeedback":${JSON.stringify(promptFeedback)}`;
  const counted = usage === null && cost === null ? '' : `"usageMetadata":${usageText(usage, cost)},`;
  const fields = losses.map(({ field }) => field);
  const told = fields.length === 0 ? '' : `,"tollgate":${JSON.stringify({ losses: fields })}`;
  const head = candidates === '' ? feedback.slice(1) : `"candidates":[${candidates}]${feedback}`;
  return `{${head === '' ? '' : `${head},`}${counted}${tailText(options)}${told}}`;
}
