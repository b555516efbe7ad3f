import type { Operation } from '../lane.js';

/** The doors beside conversations, by the path a client calls. Several lead to one kind of model. */
export const OPERATION_DOORS = {
  embeddings: 'embeddings',
  moderations: 'moderation',
  rerank: 'rerank',
  completions: 'completions',
  'images/generations': 'image',
  'images/edits': 'image',
  'audio/speech': 'speech',
  'audio/transcriptions': 'transcription',
  'audio/translations': 'transcription',
} as const satisfies Record<string, Operation>;

/** Those, and Gemini's verbs that are no conversation: their model stands in the path. */
export type OperationDoor = keyof typeof OPERATION_DOORS | 'embedContent' | 'batchEmbedContents';

/** Doors that take a form with files. Everywhere else a form is refused before its body is read. */
export const FORM_DOORS: ReadonlySet<OperationDoor> = new Set<OperationDoor>([
  'images/edits',
  'audio/transcriptions',
  'audio/translations',
]);
