/** Routing variants a caller may append to a model name; they change the order of endpoints, never the model. */
export const MODEL_VARIANTS = ['floor', 'nitro'] as const;
export type ModelVariant = (typeof MODEL_VARIANTS)[number];

const DASHED = /-(20\d{2})-(\d{2})-(\d{2})$/;
const PACKED = /[-@](20\d{2})(\d{2})(\d{2})$/;
const MONTH_DAY = /-(\d{2})(\d{2})$/;

export const ANY_DASHED_DATE = '-YYYY-MM-DD';
export const ANY_PACKED_DATE = '-YYYYMMDD';

/** Names are compared in lower case and nothing else: a stray space or a look-alike letter is another name. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** `openai/gpt-4o:floor` → the name and the variant. Anything else after a colon belongs to the name. */
export function splitVariant(name: string): { readonly name: string; readonly variant: ModelVariant | null } {
  const colon = name.lastIndexOf(':');
  const suffix = colon < 0 ? '' : nameKey(name.slice(colon + 1));
  const variant = MODEL_VARIANTS.find((known) => known === suffix);
  return variant === undefined ? { name, variant: null } : { name: name.slice(0, colon), variant };
}

/** The name with its date replaced by the placeholder that stands for every date, or null when it carries no real date. */
export function withAnyDate(name: string): string | null {
  const dashed = DASHED.exec(name);
  if (dashed) return isDate(dashed) ? `${name.slice(0, dashed.index)}${ANY_DASHED_DATE}` : null;
  const packed = PACKED.exec(name);
  return packed && isDate(packed) ? `${name.slice(0, packed.index)}${ANY_PACKED_DATE}` : null;
}

/**
 * `gpt-4o-mini-2024-07-18` → `gpt-4o-mini`: the name without a date or a month-day stamp (`gpt-4-0613`), or null.
 * Only for names already known to belong to one price: `mistral-large-2512` is a model, not a snapshot.
 */
export function withoutDate(name: string): string | null {
  for (const pattern of [DASHED, PACKED]) {
    const match = pattern.exec(name);
    if (match) return isDate(match) ? name.slice(0, match.index) : null;
  }
  const stamp = MONTH_DAY.exec(name);
  if (!stamp) return null;
  const [, month = '', day = ''] = stamp;
  return isDate(['', '2024', month, day]) ? name.slice(0, stamp.index) : null;
}

function isDate([, year = '', month = '', day = '']: readonly string[]): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
