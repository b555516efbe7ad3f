/** What people call the API a request came in by. Doors beside conversations are logged by their path. */
const TITLES: Readonly<Record<string, string>> = {
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  gemini: 'Gemini',
  embeddings: 'OpenAI Embeddings',
  moderations: 'OpenAI Moderations',
  rerank: 'Rerank',
  completions: 'OpenAI Completions',
  'images/generations': 'OpenAI Images',
  'images/edits': 'OpenAI Images, edit',
  'audio/speech': 'OpenAI Speech',
  'audio/transcriptions': 'OpenAI Transcriptions',
  'audio/translations': 'OpenAI Translations',
  embedContent: 'Gemini Embeddings',
  batchEmbedContents: 'Gemini Embeddings, batch',
};

/** One of a newer release is shown under its own name. */
export function dialectTitle(dialect: string): string {
  return Object.hasOwn(TITLES, dialect) ? (TITLES[dialect] ?? dialect) : dialect;
}
