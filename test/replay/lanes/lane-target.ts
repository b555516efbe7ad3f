import { type Host, type LaneTarget, quirksOf } from '@tollgate/dialects';
import type { Recording } from '../recordings.js';
import { CHAT_APIS, type RecordedExchange } from './recorded-exchange.js';

export const REQUEST_ID = '019a0000-0000-7000-8000-00000000cafe';

const HOSTS: Readonly<Record<string, Host>> = { 'google-vertex': 'vertex', 'azure-openai': 'azure' };

/** The recorder's names of providers that the catalogue calls otherwise. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'azure-openai': 'azure',
  'amazon-bedrock': 'bedrock',
  'vercel-gateway': 'vercel',
};

export function targetOf(recording: Recording, exchange: RecordedExchange): LaneTarget {
  const provider = PROVIDERS[recording.provider] ?? recording.provider;
  return {
    provider,
    dialect: CHAT_APIS[exchange.api],
    host: HOSTS[recording.provider] ?? 'direct',
    model: modelOf(recording),
    publicModel: 'test/model',
    providerName: 'Provider',
    quirks: quirksOf(provider),
    outputMax: null,
    safetyIdentifier: null,
    requestId: REQUEST_ID,
    created: 1_790_000_000,
  };
}

export function modelOf(recording: Recording): string {
  const body = recording.request?.body as { model?: unknown } | undefined;
  const path = decodeURIComponent(recording.request?.path ?? '');
  const named = /models?\/([^/:]+(?::\d+)?)(?::|\/)/.exec(path)?.[1];
  return typeof body?.model === 'string' ? body.model : (named ?? 'unknown-model');
}
