import { z } from 'zod';
import { diceOf } from '../../answers/dice.js';
import { excerptOf } from '../../answers/excerpt.js';
import { invalidRequest, modelNotFound } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { countsOf, jsonReply, type MediaOperation, readBody } from './operation.js';

/* https://platform.openai.com/docs/api-reference/moderations */

const part = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) }),
]);
const moderationRequest = z.object({
  input: z.union([z.string(), z.array(z.string()).min(1), z.array(part).min(1)]),
  model: z.string().nullish(),
});

/** Categories, the words that raise a flag here, and whether pictures are looked at for it. */
const categories: readonly (readonly [name: string, words: RegExp | null, seesImages: boolean])[] = [
  ['harassment', /\b(idiot|loser|i hate you)\b/i, false],
  ['harassment/threatening', /\bi(?:'ll| will) (?:kill|hurt) you\b/i, false],
  ['sexual', /\bporn\w*\b/i, true],
  ['hate', /\bsubhuman\b/i, false],
  ['hate/threatening', null, false],
  ['illicit', /\bhow to (?:make|build) a bomb\b/i, false],
  ['illicit/violent', /\bhow to (?:make|build) a bomb\b/i, false],
  ['self-harm/intent', /\bkill myself\b/i, true],
  ['self-harm/instructions', null, true],
  ['self-harm', /\bkill myself\b/i, true],
  ['sexual/minors', null, false],
  ['violence', /\b(kill (?:you|him|her|them|myself)|murder)\b/i, true],
  ['violence/graphic', /\bgore\b/i, true],
];

/** `POST /moderations`: one result for a text or a list of parts, one each for a list of texts. No usage: the endpoint is free. */
export const moderations: MediaOperation = (request) => {
  const { incoming, changes, world } = request;
  const read = readBody(moderationRequest, incoming.json, incoming.provider === 'openai');
  if (read.kind === 'error') return read;
  const model = read.request.model ?? 'omni-moderation-latest';
  if (isUnknownModel(model)) return modelNotFound(model);
  const inputs = inputsOf(read.request.input);
  if (/^text-moderation/.test(model) && inputs.some((input) => input.hasImage))
    return invalidRequest(`Image inputs are not supported for model '${model}'.`, 'input', null);
  const counted = inputs.reduce((total, input) => total + countTokens(input.text), 0);
  const results = changes.empty === null ? inputs.map((input) => resultOf(input, model)) : [];
  return jsonReply({ id: `modr-${world.newName(24)}`, model, results }, null, countsOf(counted), request);
};

interface Input {
  readonly text: string;
  readonly hasImage: boolean;
}

function inputsOf(input: z.infer<typeof moderationRequest>['input']): Input[] {
  if (typeof input === 'string') return [{ text: input, hasImage: false }];
  const texts = input.filter((item) => typeof item === 'string');
  if (texts.length > 0) return texts.map((text) => ({ text, hasImage: false }));
  let text = '';
  let hasImage = false;
  for (const item of input) {
    if (typeof item === 'string') continue;
    if (item.type === 'text') text += item.text;
    else hasImage = true;
  }
  return [{ text, hasImage }];
}

function resultOf(input: Input, model: string): Record<string, unknown> {
  const dice = diceOf(input.text);
  const found = categories.map(([name, words, seesImages]) => {
    const flagged = words?.test(excerptOf(input.text)) === true;
    const score = flagged ? 0.9 + dice() / 11 : dice() / 10_000;
    const seen = input.hasImage && seesImages ? ['text', 'image'] : ['text'];
    return { name, flagged, score, seen };
  });
  const mapped = <Value>(value: (item: (typeof found)[number]) => Value): Record<string, Value> =>
    Object.fromEntries(found.map((item) => [item.name, value(item)]));
  return {
    flagged: found.some((item) => item.flagged),
    categories: mapped((item) => item.flagged),
    category_scores: mapped((item) => item.score),
    ...(/^omni/.test(model) ? { category_applied_input_types: mapped((item) => item.seen) } : {}),
  };
}
