import type { ShapeRules } from './request-shape.js';

/** What the vendor's SDK calls the body of a request, and how bodies are compared with it. */
export interface VendorType {
  readonly imports: readonly string[];
  /** Types any of which may hold: vendors keep one for what is announced with a beta header. */
  readonly types: readonly string[];
  readonly rules: ShapeRules;
}

/** Strings that are a vendor's own words, whatever dialect: everything else a caller may write as they like. */
const WORDS = [
  'type',
  'role',
  'status',
  'mode',
  'effort',
  'summary',
  'detail',
  'reasoning_effort',
  'tool_choice',
  'format',
  'verbosity',
  'service_tier',
  'truncation',
  'include',
  'modalities',
  'search_context_size',
  'ttl',
  'media_type',
  'display',
  'speed',
  'allowed_callers',
  'prompt_cache_retention',
  'syntax',
  'phase',
  'execution',
] as const;

export const rules = (given: {
  readonly words?: readonly string[];
  readonly opaque?: readonly string[];
  readonly binary?: readonly string[];
  readonly renamed?: Readonly<Record<string, string>>;
  readonly isCamelCase?: boolean;
}): ShapeRules => ({
  words: new Set([...WORDS, ...(given.words ?? [])]),
  opaque: new Set(given.opaque ?? []),
  binary: new Set(given.binary ?? []),
  renamed: given.renamed ?? {},
  isCamelCase: given.isCamelCase ?? false,
});

/** An enumeration of TypeScript's is its words on the wire. */
export const WIRE = `type Wire<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;`;

export const GEMINI_WORDS = [
  'threshold',
  'category',
  'method',
  'thinkingLevel',
  'responseModalities',
  'mediaResolution',
  'functionCallingConfig',
  'behavior',
  'outcome',
  'language',
  'aspectRatio',
  'imageSize',
  'environment',
  'serviceTier',
  'level',
] as const;
