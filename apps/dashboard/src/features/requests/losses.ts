/** What became of something that the other side has no place for, and what that was. */
export interface LossGroup {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly LostField[];
}

export interface LostField {
  /** where it stood, in the words of the API that was used: `tools[0].strict` */
  readonly path: string;
  /** what that is, for a reader who did not write the request; null where the path says it */
  readonly meaning: string | null;
}

const REASONS = [
  { reason: 'dropped', title: 'Left out', text: 'There is no place for it on the other side.' },
  { reason: 'approximated', title: 'Replaced', text: 'The nearest thing that the other side has was used instead.' },
  { reason: 'moved', title: 'Moved', text: 'It got there, in another place or order.' },
] as const;

/** By the last word of the path, written as one word in lower case: `topLogprobs` and `top_logprobs` are one thing. */
const MEANINGS: Readonly<Record<string, string>> = {
  logitbias: 'preferences for single tokens',
  seed: 'the wish for a repeatable answer',
  temperature: 'how freely words are chosen',
  topp: 'how many words are considered',
  topk: 'how many words are considered',
  minp: 'how many words are considered',
  topa: 'how many words are considered',
  frequencypenalty: 'the penalty for repeating',
  presencepenalty: 'the penalty for repeating',
  repetitionpenalty: 'the penalty for repeating',
  maxtokens: 'the longest answer',
  maxoutputtokens: 'the longest answer',
  n: 'several answers at once',
  candidatecount: 'several answers at once',
  logprobs: 'how likely each word was',
  toplogprobs: 'how likely each word was',
  responselogprobs: 'how likely each word was',
  stop: 'the texts to stop at',
  stopsequence: 'the text it stopped at',
  stopsequences: 'the texts to stop at',
  paralleltoolcalls: 'whether tools may be called side by side',
  disableparalleltooluse: 'whether tools may be called side by side',
  toolchoice: 'which tool has to be called',
  toolconfig: 'which tool has to be called',
  responseformat: 'the form of the answer',
  format: 'the form of the answer',
  responseschema: 'the form of the answer',
  strict: 'that the schema is kept to exactly',
  reasoning: 'the thinking, or how much of it',
  reasoningeffort: 'how much to think',
  effort: 'how much to think',
  thinking: 'how much to think',
  thinkingconfig: 'how much to think',
  budgettokens: 'how much to think',
  summary: 'the summary of the thinking',
  seal: 'the provider’s seal on its thinking',
  signature: 'the provider’s seal on its thinking',
  verbosity: 'how long-winded to be',
  modalities: 'text, sound or pictures',
  responsemodalities: 'text, sound or pictures',
  audio: 'the sound',
  speechconfig: 'the voice',
  user: 'your id of the end user',
  userid: 'your id of the end user',
  metadata: 'your labels',
  labels: 'your labels',
  servicetier: 'how urgent it is',
  promptcachekey: 'a hint for the provider’s cache',
  cachecontrol: 'a mark for the provider’s cache',
  cachedcontent: 'a mark for the provider’s cache',
  ttl: 'how long the provider’s cache keeps it',
  citations: 'the sources',
  iserror: 'that a tool failed',
  detail: 'how closely to look at the picture',
  store: 'the wish to keep the answer',
  role: 'who said it',
  name: 'a name',
};

/**
 * The losses of a request's log (`logit_bias=dropped`), by what became of them. A reason of a newer release stands under its own name: nothing
 * is left out of this list too.
 */
export function lossGroups(losses: readonly string[]): readonly LossGroup[] {
  const byReason = new Map<string, LostField[]>();
  for (const loss of losses) {
    const at = loss.lastIndexOf('=');
    const path = at < 0 ? loss : loss.slice(0, at);
    const reason = at < 0 ? 'dropped' : loss.slice(at + 1);
    byReason.set(reason, [...(byReason.get(reason) ?? []), { path, meaning: meaningOf(path) }]);
  }
  const known = REASONS.flatMap(({ reason, title, text }) => {
    const fields = byReason.get(reason);
    return fields === undefined ? [] : [{ title, text, fields }];
  });
  const knownReasons = new Set<string>(REASONS.map(({ reason }) => reason));
  const others = [...byReason]
    .filter(([reason]) => !knownReasons.has(reason))
    .map(([reason, fields]) => ({ title: reason, text: '', fields }));
  return [...known, ...others];
}

function meaningOf(path: string): string | null {
  const last =
    path
      .replace(/\[[^\]]*\]$/, '')
      .split('.')
      .at(-1) ?? '';
  const word = last.replaceAll('_', '').toLowerCase();
  return Object.hasOwn(MEANINGS, word) ? (MEANINGS[word] ?? null) : null;
}
