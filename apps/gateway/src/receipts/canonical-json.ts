/** What a receipt is made of: texts, and nothing that two languages could write in two ways. */
export type ReceiptValue = string | null | readonly ReceiptValue[] | { readonly [name: string]: ReceiptValue };

/**
 * The one spelling of a receipt that is signed: JSON without white space, the members of every object in the order of their names. Every leaf is a
 * text that needs no escape (`receiptText`) or null, so any JSON writer that can sort keys makes the same bytes (RFC 8785 makes them too).
 */
export function canonicalJson(value: ReceiptValue): string {
  if (value === null || typeof value === 'string') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/**
 * A text as it may stand in a receipt: printable ASCII without what JSON writers escape (some escape `<`, `>` and `&`). Only a model name that a
 * caller made up can hold anything else; what does not fit becomes `_`.
 */
export function receiptText(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\<>&]/g, '_');
}

function isList(value: ReceiptValue): value is readonly ReceiptValue[] {
  return Array.isArray(value);
}
