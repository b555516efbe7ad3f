import type { Target } from './codec.js';
import type { Losses } from './loss.js';
import type { JsonObject } from './part.js';
import type { CanonicalRequest, Sampling } from './request.js';
import { callersWord, type RequestMember } from './request-words.js';

/** What the members of a request are written with. */
export interface Asking {
  readonly request: CanonicalRequest;
  readonly target: Target;
  readonly losses: Losses;
}

type Told = Pick<Asking, 'request' | 'losses'>;

/** The provider has no word for it. */
export function drop({ request, losses }: Told, member: RequestMember): null {
  losses.dropped(callersWord(request.dialect, member));
  return null;
}

/** The provider is told something near it. */
export function approximate({ request, losses }: Told, member: RequestMember): void {
  losses.approximated(callersWord(request.dialect, member));
}

/** Members that mean something only when they are said: leaving the others out loses more than a wish. */
export type Wish =
  | keyof Sampling
  | 'stop'
  | 'choices'
  | 'logprobs'
  | 'verbosity'
  | 'modalities'
  | 'audioOutput'
  | 'user'
  | 'metadata'
  | 'serviceTier'
  | 'promptCacheKey'
  | 'cache'
  | 'parallelToolCalls';

/** Names those of the members that the caller has said, in this order: a dialect's list of what it has no word for. */
export function dropSaid(told: Told, members: readonly Wish[]): void {
  for (const member of members) if (isSaid(told.request, member)) drop(told, member);
}

function isSaid(request: CanonicalRequest, member: Wish): boolean {
  switch (member) {
    case 'stop':
      return request.stop.length > 0;
    case 'choices':
      return request.choices > 1;
    case 'modalities':
      return request.modalities.some((modality) => modality !== 'text');
    case 'metadata':
      return Object.keys(request.metadata).length > 0;
    case 'parallelToolCalls':
      // several calls at once are what models do by themselves
      return request.parallelToolCalls === false;
    case 'logprobs':
    case 'verbosity':
    case 'audioOutput':
    case 'user':
    case 'serviceTier':
    case 'promptCacheKey':
    case 'cache':
      return request[member] !== null;
    default:
      return request.sampling[member] !== null;
  }
}

/** The caller's maximum, or the limit where it is smaller or the caller named none. */
export function outputMaxOf({ request, target }: Pick<Asking, 'request' | 'target'>): number | null {
  const { maxOutputTokens: asked } = request;
  if (asked === null || target.outputMax === null) return asked ?? target.outputMax;
  return Math.min(asked, target.outputMax);
}

/** Nothing that was not said is sent (T25). */
export function withoutNulls(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
