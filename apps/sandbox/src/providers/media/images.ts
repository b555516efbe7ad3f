import { z } from 'zod';
import { headerOf } from '../../attempt/incoming.js';
import type { ReplyPlan } from '../../attempt/reply-plan.js';
import { invalidRequest, modelNotFound, type WireError } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { type FormPart, formOf, textField } from './multipart.js';
import {
  countsOf,
  eventsPlan,
  invalidValue,
  jsonReply,
  type MediaOperation,
  type MediaRequest,
  readBody,
  tooLong,
  typedEvent,
  unknownParameter,
} from './operation.js';
import { pictureBase64 } from './picture.js';

/* https://platform.openai.com/docs/api-reference/images. Which field a model takes differs, and OpenAI refuses the others. */

const imageRequest = z.object({
  prompt: z.string().min(1),
  model: z.string().nullish(),
  n: z.int().min(1).max(10).nullish(),
  size: z.string().nullish(),
  quality: z.string().nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  style: z.enum(['vivid', 'natural']).nullish(),
  user: z.string().nullish(),
  background: z.enum(['transparent', 'opaque', 'auto']).nullish(),
  moderation: z.enum(['low', 'auto']).nullish(),
  output_compression: z.int().min(0).max(100).nullish(),
  output_format: z.enum(['png', 'jpeg', 'webp']).nullish(),
  partial_images: z.int().min(0).max(3).nullish(),
  stream: z.boolean().nullish(),
  input_fidelity: z.enum(['high', 'low']).nullish(),
});
type ImageRequest = z.infer<typeof imageRequest>;

interface Family {
  readonly refused: readonly (keyof ImageRequest)[];
  readonly sizes: readonly string[];
  readonly qualities: readonly string[];
  readonly mostPrompt: number;
  readonly mostImages: number;
}

const gptOnly = [
  'background',
  'moderation',
  'output_compression',
  'output_format',
  'partial_images',
  'stream',
  'input_fidelity',
] as const;
const families: Readonly<Record<'gpt-image' | 'dall-e-2' | 'dall-e-3', Family>> = {
  'gpt-image': {
    refused: ['response_format', 'style'],
    sizes: ['1024x1024', '1024x1536', '1536x1024', 'auto'],
    qualities: ['low', 'medium', 'high', 'auto'],
    mostPrompt: 32_000,
    mostImages: 10,
  },
  'dall-e-2': {
    refused: [...gptOnly, 'style', 'quality'],
    sizes: ['256x256', '512x512', '1024x1024'],
    qualities: [],
    mostPrompt: 1_000,
    mostImages: 10,
  },
  'dall-e-3': {
    refused: gptOnly,
    sizes: ['1024x1024', '1024x1792', '1792x1024'],
    qualities: ['standard', 'hd'],
    mostPrompt: 4_000,
    mostImages: 1,
  },
};

function familyOf(model: string): Family | null {
  if (/^(gpt-image|chatgpt-image)/.test(model)) return families['gpt-image'];
  return model === 'dall-e-2' || model === 'dall-e-3' ? families[model] : null;
}

/** `POST /images/generations`. */
export const imageGenerations: MediaOperation = (request) => {
  const { incoming } = request;
  const read = readBody(imageRequest, incoming.json, incoming.provider === 'openai');
  return read.kind === 'error' ? read : draw(read.request, 'generation', 0, request);
};

/** `POST /images/edits`: a form with one or more pictures, perhaps a mask, and the fields of a generation. */
export const imageEdits: MediaOperation = (request) => {
  const { incoming } = request;
  const contentType = headerOf(incoming.headers, 'content-type');
  const form = formOf(contentType, incoming.body);
  if (form === null) return notAForm(contentType);
  const pictures = form.filter((part) => /^image(\[\d*\])?$/.test(part.name));
  if (pictures.length === 0)
    return invalidRequest("Missing required parameter: 'image'.", 'image', 'missing_required_parameter');
  const wrong = pictures.findIndex((part) => !pictureTypes.includes(part.contentType ?? ''));
  if (wrong >= 0) return unsupportedPicture(pictures[wrong]?.contentType ?? 'application/octet-stream', wrong);
  const read = readBody(imageRequest, fieldsOf(form), incoming.provider === 'openai');
  return read.kind === 'error' ? read : draw(read.request, 'edit', pictures.length, request);
};

const pictureTypes = ['image/jpeg', 'image/png', 'image/webp'];

function unsupportedPicture(given: string, index: number): WireError {
  return invalidRequest(
    `Invalid file 'image[${index}]': unsupported mimetype ('${given}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.`,
    `image[${index}]`,
    'unsupported_file_mimetype',
  );
}

/** OpenAI's refusal of a body that is no form, or not a whole one. */
export function notAForm(contentType: string | null): WireError {
  if (contentType?.startsWith('multipart/form-data') === true)
    return invalidRequest('Could not parse multipart form', null, null);
  return invalidRequest(
    `Invalid Content-Type header (${contentType ?? ''}), expected multipart/form-data. (HINT: If you're using curl, you can pass -H ` +
      "'Content-Type: multipart/form-data')",
    null,
    'unsupported_content_type',
  );
}

const numericFields = new Set(['n', 'output_compression', 'partial_images']);

/** The fields of a form as JSON would have them. */
function fieldsOf(form: readonly FormPart[]): Record<string, unknown> {
  const fields = form.filter((part) => part.fileName === null && !/^(image|mask)(\[\d*\])?$/.test(part.name));
  return Object.fromEntries(
    fields.map((part) => {
      const text = part.bytes.toString('utf8');
      if (part.name === 'stream') return [part.name, text === 'true'];
      return [part.name, numericFields.has(part.name) ? Number(text) : text];
    }),
  );
}

function draw(
  wanted: ImageRequest,
  task: 'generation' | 'edit',
  pictures: number,
  request: MediaRequest,
): ReplyPlan | WireError {
  const model = wanted.model ?? 'gpt-image-1';
  if (isUnknownModel(model)) return modelNotFound(model);
  const family = familyOf(model);
  const refused = request.incoming.provider === 'openai' ? imageError(model, family, wanted) : null;
  if (refused !== null) return refused;
  if (family === families['gpt-image']) return drawGptImage(wanted, task, pictures, request);
  const count = request.changes.empty === null ? (wanted.n ?? 1) : 0;
  const data = Array.from({ length: count }, (_, index) => {
    const revised = model === 'dall-e-3' ? { revised_prompt: `A simple drawing: ${wanted.prompt}` } : {};
    const name = request.world.newName(12);
    return wanted.response_format === 'url'
      ? { ...revised, url: `https://images.sandbox.invalid/${name}.png` }
      : { ...revised, b64_json: pictureBase64(`${wanted.prompt} ${index}`, 'png') };
  });
  return jsonReply({ created: createdAt(request), data }, null, countsOf(countTokens(wanted.prompt)), request);
}

function imageError(model: string, family: Family | null, wanted: ImageRequest): WireError | null {
  if (family === null)
    return invalidValue('model', model, ['gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'dall-e-2', 'dall-e-3']);
  const refused = family.refused.find((name) => wanted[name] != null);
  if (refused !== undefined) return unknownParameter(refused);
  if (wanted.size != null && !family.sizes.includes(wanted.size))
    return invalidValue('size', wanted.size, family.sizes);
  if (wanted.quality != null && !family.qualities.includes(wanted.quality))
    return invalidValue('quality', wanted.quality, family.qualities);
  if (wanted.prompt.length > family.mostPrompt) return tooLong('prompt', family.mostPrompt, wanted.prompt.length);
  if ((wanted.n ?? 1) > family.mostImages)
    return invalidRequest(
      `Invalid 'n': integer above maximum value. Expected a value <= ${family.mostImages}, but got ${wanted.n} instead.`,
      'n',
      'integer_above_max_value',
    );
  if (wanted.background === 'transparent' && wanted.output_format === 'jpeg')
    return invalidRequest(
      "Transparent background is not supported for 'jpeg' output format.",
      'background',
      'invalid_value',
    );
  return (wanted.partial_images ?? 0) > 0 && wanted.stream !== true
    ? invalidRequest("The 'partial_images' parameter is only allowed when 'stream' is enabled.", 'partial_images', null)
    : null;
}

/** Output tokens of one picture, as OpenAI's pricing page has them: square, portrait, landscape. */
const outputTokens: Readonly<Record<string, readonly [number, number, number]>> = {
  low: [272, 408, 400],
  medium: [1_056, 1_584, 1_568],
  high: [4_160, 6_240, 6_208],
};
const tokensPerPartialImage = 100;
/** A square picture put in, at low fidelity. */
const tokensPerInputImage = 323;

function drawGptImage(
  wanted: ImageRequest,
  task: 'generation' | 'edit',
  pictures: number,
  request: MediaRequest,
): ReplyPlan {
  const size = wanted.size == null || wanted.size === 'auto' ? '1024x1024' : wanted.size;
  const quality = wanted.quality == null || wanted.quality === 'auto' ? 'high' : wanted.quality;
  const shape = size === '1024x1536' ? 1 : size === '1536x1024' ? 2 : 0;
  const count = request.changes.empty === null ? (wanted.n ?? 1) : 0;
  const partials = wanted.partial_images ?? 0;
  const textTokens = countTokens(wanted.prompt);
  const imageTokens = pictures * tokensPerInputImage;
  const madeTokens = count * (outputTokens[quality]?.[shape] ?? 0) + partials * tokensPerPartialImage;
  const counts = countsOf(textTokens + imageTokens, madeTokens);
  const usage = {
    input_tokens: textTokens + imageTokens,
    input_tokens_details: { image_tokens: imageTokens, text_tokens: textTokens },
    output_tokens: madeTokens,
    total_tokens: textTokens + imageTokens + madeTokens,
  };
  const output_format = wanted.output_format ?? 'png';
  const about = {
    created: createdAt(request),
    background: wanted.background === 'transparent' ? 'transparent' : 'opaque',
  };
  const b64 = (index: number): string => pictureBase64(`${wanted.prompt} ${index}`, output_format);
  if (wanted.stream !== true) {
    const data = Array.from({ length: count }, (_, index) => ({ b64_json: b64(index) }));
    return jsonReply({ ...about, data, output_format, quality, size }, usage, counts, request);
  }
  const shown = { created_at: about.created, background: about.background, output_format, quality, size };
  const prefix = task === 'edit' ? 'image_edit' : 'image_generation';
  const drafts = Array.from({ length: partials }, (_, index) =>
    typedEvent(
      { type: `${prefix}.partial_image`, b64_json: b64(index), ...shown, partial_image_index: index },
      tokensPerPartialImage,
    ),
  );
  const told = request.changes.omitUsage ? {} : { usage };
  const last = typedEvent(
    { type: `${prefix}.completed`, b64_json: b64(0), ...shown, ...told },
    madeTokens - partials * tokensPerPartialImage,
    !request.changes.omitUsage,
  );
  return eventsPlan([...drafts, last], counts, request);
}

function createdAt({ incoming }: MediaRequest): number {
  return Math.floor(incoming.atMs / 1_000);
}

/** The model a form names. */
export function modelOfForm(
  contentType: string | null,
  body: Buffer,
): { readonly model: string | null; readonly isStream: boolean } {
  const form = formOf(contentType, body);
  if (form === null) return { model: null, isStream: false };
  return { model: textField(form, 'model'), isStream: textField(form, 'stream') === 'true' };
}
