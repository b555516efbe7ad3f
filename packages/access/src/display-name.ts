/** What a person called something, ready to be stored; or one sentence why it cannot be. */
export type DecodedName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly message: string };

const NAME_MAX = 80;
// Control characters break terminals and logs, half a surrogate pair breaks UTF-8; direction marks and line separators
// make a name read as something else.
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Names of keys, projects and organisations: NFC, 1 to 80 characters, no control characters, no outer spaces. */
export function decodeName(value: unknown): DecodedName {
  if (typeof value !== 'string') return { ok: false, message: 'The name must be text.' };
  // Before NFC, which is the costly part: no legal name of 80 characters needs more code units than this.
  if (value.length > NAME_MAX * 8) return tooLong;
  const name = value.normalize('NFC').trim();
  if (name === '') return { ok: false, message: 'The name is empty.' };
  if ([...name].length > NAME_MAX) return tooLong;
  if (FORBIDDEN.test(name)) return { ok: false, message: 'The name contains control characters.' };
  return { ok: true, name };
}

const tooLong: DecodedName = { ok: false, message: `The name is longer than ${NAME_MAX} characters.` };

/** A name out of text that nobody may be asked about again (a sign-up): what decodeName would refuse is left out. */
export function salvageName(text: string): string {
  const clean = text
    .slice(0, NAME_MAX * 8)
    .normalize('NFC')
    .replace(new RegExp(FORBIDDEN.source, 'gu'), ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return [...clean].slice(0, NAME_MAX).join('').trim();
}
