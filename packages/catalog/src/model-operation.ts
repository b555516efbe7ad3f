import type { PriceComponent } from './price-component.js';

/** What a model is for. Each has its own door in the gateway; a model serves one of them. */
export const MODEL_OPERATIONS = [
  'chat',
  'embeddings',
  'rerank',
  'image',
  'speech',
  'transcription',
  'moderation',
  'completions',
] as const;

export type ModelOperation = (typeof MODEL_OPERATIONS)[number];

/**
 * The prices without which a request of this operation could not be charged: any one of the lists, whole. Order matters only for the message
 * about what is missing. Output of images and speech may be priced as plain `output`: that is what their own components fall back to.
 */
const REQUIRED_PRICES: Readonly<Record<ModelOperation, readonly (readonly PriceComponent[])[]>> = {
  chat: [['input', 'output']],
  completions: [['input', 'output']],
  embeddings: [['input']],
  rerank: [['search_unit'], ['input']],
  image: [['image'], ['input', 'output_image'], ['input', 'output']],
  speech: [['character'], ['input', 'output_audio'], ['input', 'output']],
  transcription: [['audio_second'], ['input', 'output']],
  moderation: [['input']],
};

/**
 * The component that a set of prices lacks to charge an operation by, or null when it can be charged. Zero is a price. Where several sets
 * would do, the last one is taken as the one that was meant: it is the one in tokens.
 */
export function missingPrice(
  operation: ModelOperation,
  prices: Readonly<Partial<Record<PriceComponent, unknown>>>,
): PriceComponent | null {
  let missing: PriceComponent | null = null;
  for (const components of REQUIRED_PRICES[operation]) {
    missing = components.find((component) => prices[component] === undefined) ?? null;
    if (missing === null) return null;
  }
  return missing;
}
