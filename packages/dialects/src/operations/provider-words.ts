/** What a provider calls members of a request that everybody else calls by the public word. By provider id; data, never an `if` in a lane. */
export const EMBEDDING_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mistral: { dimensions: 'output_dimension' },
  voyage: { dimensions: 'output_dimension' },
};

/** Providers that reject `encoding_format: "float"`: it is what they do anyway, and they know only `base64`. */
export const FLOAT_UNSAID: ReadonlySet<string> = new Set(['voyage']);

export const RERANK_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  voyage: { top_n: 'top_k' },
};
