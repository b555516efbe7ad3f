/**
 * Rows as the text of one json parameter: bigints as decimal strings, and nothing in it that PostgreSQL refuses. U+0000 and
 * unpaired surrogates are legal in JSON and illegal in PostgreSQL's text; they become U+FFFD, because one such character in
 * one reply must not stop everybody's billing. The parameter is json and not jsonb: json_to_recordset reads it a third faster.
 */
export function encodeJsonParameter(rows: unknown): string {
  const text = JSON.stringify(rows, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return storableText(text);
}

/** JSON text (as JSON.stringify writes it: unpaired surrogates and NUL escaped) without the escapes PostgreSQL refuses. */
export function storableText(json: string): string {
  if (!json.includes('\\u')) return json;
  // An even number of backslashes before it: the `\u` is an escape and not two characters of the text.
  return json.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, '$1\\ufffd');
}
