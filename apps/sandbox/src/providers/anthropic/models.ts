/** Aliases Anthropic answers with the snapshot behind them. */
const snapshots: Readonly<Record<string, string>> = {
  'claude-3-5-haiku-latest': 'claude-3-5-haiku-20241022',
  'claude-3-7-sonnet-latest': 'claude-3-7-sonnet-20250219',
  'claude-sonnet-4-0': 'claude-sonnet-4-20250514',
  'claude-opus-4-0': 'claude-opus-4-20250514',
  'claude-opus-4-1': 'claude-opus-4-1-20250805',
  'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929',
  'claude-haiku-4-5': 'claude-haiku-4-5-20251001',
  'claude-opus-4-5': 'claude-opus-4-5-20251101',
};

/** The model name a reply carries. Vertex writes the date after an `@`. */
export function servedName(model: string): string {
  return snapshots[model] ?? model.replace('@', '-');
}

/** What a model takes and does that others do not. */
export interface ModelTraits {
  /** A conversation may end with the beginning of the answer. */
  readonly takesPrefill: boolean;
  /** `thinking.type: enabled` and sampling parameters are refused; thinking is adaptive and not shown unless asked for. */
  readonly isAdaptiveOnly: boolean;
  /** `temperature` and `top_p` exclude each other. */
  readonly takesOneSampling: boolean;
  readonly takesXhighEffort: boolean;
  /** Fewer tokens before a breakpoint are not cached. */
  readonly leastCachedTokens: number;
  /** The most tokens it writes. */
  readonly mostOutputTokens: number;
}

/** The traits of a model by its family and version, as the vendor's model and migration pages tell them. */
export function traitsOf(model: string): ModelTraits {
  const { family, version } = versionOf(model);
  const isAdaptiveOnly = version >= 5 || (family === 'opus' && version >= 4.7);
  return {
    takesPrefill: version < 4.6,
    isAdaptiveOnly,
    takesOneSampling: version >= 4.5 || (family === 'opus' && version >= 4.1),
    takesXhighEffort: isAdaptiveOnly,
    leastCachedTokens: leastCached(family, version),
    mostOutputTokens: mostOutput(family, version),
  };
}

function versionOf(model: string): { readonly family: string; readonly version: number } {
  const newer = /claude-(opus|sonnet|haiku|fable)-(\d)(?:-(\d)(?!\d))?/.exec(model);
  if (newer !== null) return { family: newer[1] ?? '', version: Number(`${newer[2]}.${newer[3] ?? 0}`) };
  const older = /claude-(\d)(?:-(\d))?-(opus|sonnet|haiku)/.exec(model);
  return { family: older?.[3] ?? '', version: Number(`${older?.[1] ?? 4}.${older?.[2] ?? 0}`) };
}

function leastCached(family: string, version: number): number {
  if (family === 'opus' && version >= 4.5) return 4_096;
  if (family === 'haiku') return version >= 4.5 ? 4_096 : 2_048;
  return version >= 4.6 ? 2_048 : 1_024;
}

function mostOutput(family: string, version: number): number {
  if (version < 3.5) return 4_096;
  if (version < 3.7) return 8_192;
  if (version >= 4.6) return 128_000;
  return family === 'opus' && version < 4.5 ? 32_000 : 64_000;
}

/** Model ids that stand for one that does not exist. */
export function isUnknownModel(model: string): boolean {
  return /does-not-exist|nonexistent|no-such-model/.test(model);
}
