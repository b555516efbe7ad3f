/**
 * How a provider deviates from its dialect: data, never an `if` on a provider's name in a codec. One row for each provider in PROVIDER_QUIRKS; the
 * default is a provider that does exactly what its dialect's reference says.
 */
export interface ProviderQuirks {
  /** where the output maximum goes (OpenAI chat family); null: whichever the caller used, else max_tokens */
  readonly outputMaxField: 'max_tokens' | 'max_completion_tokens' | null;
  /** accepts `stream_options.include_usage`; where false, usage arrives without being asked for */
  readonly supportsStreamOptions: boolean;
  /** where the hashed identifier of the organisation goes, if anywhere */
  readonly safetyIdentifierField: 'safety_identifier' | 'user' | 'metadata.user_id' | null;
  /** accepts `store` (sent as false: state stays ours) */
  readonly supportsStore: boolean;
  /** request members the provider rejects: left out and told as losses, also on the way of the same dialect */
  readonly rejectedFields: readonly string[];
  /** how earlier thinking is sent back to it (T24); null: not at all */
  readonly reasoningReplayField: 'reasoning_content' | 'reasoning' | 'reasoning_details' | null;
  /** how it is told how much to think (OpenAI chat family) */
  readonly reasoningControl: 'reasoning_effort' | 'reasoning' | 'thinking' | 'enable_thinking' | null;
  /** answers deviate so far that same-dialect clients get them decoded and encoded again instead of byte for byte */
  readonly isNormalised: boolean;
  /** `json_schema` response formats are understood */
  readonly supportsJsonSchema: boolean;
}

export const NO_QUIRKS: ProviderQuirks = {
  outputMaxField: null,
  supportsStreamOptions: true,
  safetyIdentifierField: null,
  supportsStore: false,
  rejectedFields: [],
  reasoningReplayField: null,
  reasoningControl: 'reasoning_effort',
  isNormalised: false,
  supportsJsonSchema: true,
};

/** By provider id; a provider that is not listed has NO_QUIRKS. */
export const PROVIDER_QUIRKS: Readonly<Record<string, ProviderQuirks>> = {
  openai: {
    ...NO_QUIRKS,
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'safety_identifier',
    supportsStore: true,
  },
};

export function quirksOf(provider: string): ProviderQuirks {
  return PROVIDER_QUIRKS[provider] ?? NO_QUIRKS;
}
