import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReplyContext, Target } from '../canonical/codec.js';
import type { JsonObject } from '../canonical/part.js';
import { type CanonicalRequest, NO_SAMPLING } from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';

/** Real exchanges with Google's two hosts. They are no part of the project; where they are absent the tests say so and pass. */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../../shared/recordings');

export interface Recording {
  readonly name: string;
  readonly request: { readonly path: string; readonly body?: unknown } | null;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly stream?: string;
    readonly body?: unknown;
    readonly body_text?: string;
  };
}

export function loadRecordings(api: string): Recording[] {
  if (!existsSync(folder)) {
    console.log(`no recordings at ${folder}: the tests over recorded exchanges are skipped`);
    return [];
  }
  return ['google', 'google-vertex'].flatMap((provider) => {
    const cases = path.join(folder, provider, api);
    const names = existsSync(cases) ? readdirSync(cases).filter((name) => name.endsWith('.json')) : [];
    return names.map((name) => {
      const { request, response } = JSON.parse(readFileSync(path.join(cases, name), 'utf8'));
      return { name: `${provider}/${name}`, request, response };
    });
  });
}

export const bodyOf = ({ response }: Recording): Buffer =>
  Buffer.from(response.body_text ?? JSON.stringify(response.body));

/** A reading of its own, line by line: what the codec must agree with. */
export function chunksOf(stream: string): JsonObject[] {
  return stream
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice('data:'.length)));
}

export const PLAIN_REQUEST: CanonicalRequest = {
  dialect: 'gemini',
  model: 'google/gemini-2.5-flash',
  isStream: false,
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: null,
  sampling: NO_SAMPLING,
  maxOutputTokens: null,
  stop: [],
  choices: 1,
  logprobs: null,
  reasoning: null,
  verbosity: null,
  modalities: [],
  audioOutput: null,
  user: null,
  metadata: {},
  serviceTier: null,
  promptCacheKey: null,
  cache: null,
  includeUsage: true,
  extras: null,
};

export const contextOf = (request: CanonicalRequest = PLAIN_REQUEST): ReplyContext => ({
  requestId: 'req1',
  request,
  quirks: NO_QUIRKS,
  headers: {},
});

export const targetOf = (model: string, more: Partial<Target> = {}): Target => ({
  model,
  quirks: NO_QUIRKS,
  outputMax: null,
  safetyIdentifier: null,
  ...more,
});
