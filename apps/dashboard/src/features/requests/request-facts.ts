import type { RequestRecord } from '@tollgate/usage';
import type { Fact } from '../../ui/facts';
import { duration, fullCount } from '../../ui/format';
import { dialectTitle } from './dialect-title';
import { endingTitle } from './request-status';

const SOURCES: Readonly<Record<RequestRecord['usageSource'], string>> = {
  reported: 'Reported by the provider',
  counted: 'Counted by the gateway',
  none: 'None: nothing was used',
};

/** What the log knows of a request beyond its receipt. */
export function requestFacts(log: RequestRecord): Fact[] {
  const { features } = log;
  const api = dialectTitle(log.dialect);
  const facts: Fact[] = [
    { title: 'API', value: log.isStream ? `${api}, streamed` : api },
    { title: 'Model', value: log.model },
    ...(log.requestedModel === log.model ? [] : [{ title: 'Asked for', value: log.requestedModel }]),
    { title: 'Provider', value: log.region === null ? log.provider : `${log.provider}, ${log.region}` },
    { title: 'Ending', value: log.finish === null ? endingTitle(log) : `${endingTitle(log)}, ${log.finish}` },
    ...(log.errorCode === null ? [] : [{ title: 'Error code', value: log.errorCode }]),
    { title: 'Duration', value: duration(log.durationMs) },
    { title: 'First token', value: duration(log.firstTokenMs) },
    { title: 'In the gateway', value: duration(log.gatewayMs) },
    { title: 'Tokens in', value: tokensIn(log) },
    { title: 'Tokens out', value: tokensOut(log) },
    { title: 'Usage source', value: SOURCES[log.usageSource] },
    {
      title: 'Input',
      value: `${fullCount(features.messages)} ${features.messages === 1 ? 'message' : 'messages'}, ${fullCount(features.inputCharacters)} characters`,
    },
  ];
  if (features.tools > 0) facts.push({ title: 'Tools offered', value: fullCount(features.tools) });
  if (features.images > 0) facts.push({ title: 'Images', value: fullCount(features.images) });
  return facts;
}

function tokensIn({ inputTokens, cachedInputTokens }: RequestRecord): string {
  const all = fullCount(inputTokens);
  return cachedInputTokens === 0 ? all : `${all}, of these ${fullCount(cachedInputTokens)} cached`;
}

function tokensOut({ outputTokens, reasoningTokens }: RequestRecord): string {
  const all = fullCount(outputTokens);
  return reasoningTokens === 0 ? all : `${all}, of these ${fullCount(reasoningTokens)} reasoning`;
}
