import { expect } from 'vitest';
import type { Loss } from './canonical/loss.js';
import type { CanonicalRequest } from './canonical/request.js';
import { callersWord, type RequestMember } from './canonical/request-words.js';

/** Expects the members to be named in the words of a chat caller: the member itself or something in it. */
export function expectNamed(losses: readonly Loss[], ...members: readonly RequestMember[]): void {
  const named = losses.map(({ field }) => field);
  for (const member of members) {
    const word = callersWord('openai-chat', member);
    const isNamed = named.some(
      (field) => field === word || field.startsWith(`${word}.`) || field.startsWith(`${word}[`),
    );
    expect(isNamed, `${member} in ${JSON.stringify(named)}`).toBe(true);
  }
}

/** Expects that whatever a chat caller said and the wire does not say back is named in the losses. */
export function expectLossesNamed(request: CanonicalRequest, decoded: CanonicalRequest, losses: readonly Loss[]): void {
  const isChanged = (before: unknown, after: unknown): boolean => JSON.stringify(before) !== JSON.stringify(after);
  for (const member of Object.keys(request.sampling) as (keyof typeof request.sampling)[])
    if (isChanged(request.sampling[member], decoded.sampling[member])) expectNamed(losses, member);
  for (const member of MEMBERS) if (isChanged(request[member], decoded[member])) expectNamed(losses, member);
  if (decoded.format?.kind !== request.format?.kind) expectNamed(losses, 'format');
  if (request.parallelToolCalls === false) expectNamed(losses, 'parallelToolCalls');
  if (request.reasoning !== null && decoded.reasoning === null) expectNamed(losses, 'reasoning');
  const choice = request.toolChoice?.kind;
  if (choice !== undefined && choice !== 'auto' && decoded.toolChoice?.kind !== choice)
    expectNamed(losses, 'toolChoice');
}

const MEMBERS = [
  'maxOutputTokens',
  'choices',
  'verbosity',
  'user',
  'serviceTier',
  'promptCacheKey',
  'stop',
  'logprobs',
  'metadata',
  'cache',
] as const;
