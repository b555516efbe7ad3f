/** Output tokens of one picture of OpenAI's image models by quality, for a square and for 1.5 times its area. */
const TOKENS: Readonly<Record<string, { readonly square: number; readonly long: number }>> = {
  low: { square: 272, long: 408 },
  medium: { square: 1_056, long: 1_584 },
  high: { square: 4_160, long: 6_240 },
};
const SQUARE_PIXELS = 1_024 * 1_024;
/** The picture before it is done; an answer streams at most three. */
const PARTIAL_TOKENS = 100;
/** What a model may think in words before it draws. */
const WORDS_TOKENS_MAX = 2_048;
/** An input picture at high fidelity. */
export const INPUT_IMAGE_TOKENS_MAX = 8_000;

export interface PictureWish {
  readonly size: string | null;
  readonly quality: string | null;
  readonly partialImages: number;
}

/** What one picture has at most: the dearest quality and shape where the model chooses. */
export function pictureTokensBound({ size, quality, partialImages }: PictureWish): number {
  const { long } = TOKENS[quality ?? ''] ?? { long: 6_240 };
  const area = pixelsOf(size);
  const most = area === null ? long : Math.ceil(long * Math.max(1, area / SQUARE_PIXELS));
  return most + partialImages * PARTIAL_TOKENS + WORDS_TOKENS_MAX;
}

/** What one picture has, by what the answer or the request says of it: our own count. */
export function pictureTokens({ size, quality, partialImages }: PictureWish): number {
  const { square, long } = TOKENS[quality ?? ''] ?? { square: 4_160, long: 6_240 };
  const area = pixelsOf(size) ?? SQUARE_PIXELS;
  const tokens = area <= SQUARE_PIXELS ? square : Math.ceil((long * area) / (SQUARE_PIXELS * 1.5));
  return tokens + partialImages * PARTIAL_TOKENS;
}

function pixelsOf(size: string | null): number | null {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size ?? '') ?? [];
  return width === undefined || height === undefined ? null : Number(width) * Number(height);
}
