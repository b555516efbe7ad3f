import type { PriceSchedule } from '@tollgate/catalog';
import type { openaiChat, Usage } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';

/** Whether a schedule can price a feature that providers bill apart from plain tokens. */
const PRICED_BY: Readonly<Record<string, (schedule: PriceSchedule) => boolean>> = {
  web_search: ({ prices }) => prices.web_search !== undefined || prices.request !== undefined,
  audio_output: ({ prices }) => prices.output_audio !== undefined,
};

/** The first feature of the request that some candidate could not bill exactly, or null. Such a request is refused, never guessed. */
export function unpricedFeature(envelope: openaiChat.ChatEnvelope, attempts: readonly Attempt[]): string | null {
  for (const feature of envelope.pricedFeatures) {
    const canPrice = PRICED_BY[feature];
    if (!canPrice || attempts.some((attempt) => !canPrice(attempt.price.schedule))) return feature;
  }
  return null;
}

/** What is billed per piece and not per token: the request itself, and a web search that was asked for. */
export function unitsFor(envelope: openaiChat.ChatEnvelope, attempt: Attempt): Usage {
  const { prices } = attempt.price.schedule;
  const request = prices.request === undefined ? {} : { request: 1 };
  const search =
    envelope.pricedFeatures.includes('web_search') && prices.web_search !== undefined ? { web_search: 1 } : {};
  return { ...request, ...search };
}
