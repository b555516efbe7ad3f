import { DIALECTS, type DialectId, type Seal } from './part.js';

/**
 * Seals on their way through a dialect that did not make them: wrapped as `tgs1.<dialect>.<form>.<base64url of the value>`, a text that any field
 * for opaque state can carry, and read back byte for byte. A seal of the dialect's own family travels as it is.
 */
const PREFIX = 'tgs1.';
const FORMS: ReadonlySet<string> = new Set<Seal['form']>(['signature', 'encrypted', 'redacted']);
const NAMES: ReadonlySet<string> = new Set(DIALECTS);

/** Dialects whose vendors accept each other's seals: Claude's signatures are the same at Anthropic, Bedrock and Vertex. */
const FAMILIES: Readonly<Record<DialectId, string>> = {
  'anthropic-messages': 'claude',
  'bedrock-converse': 'claude',
  'bedrock-invoke': 'claude',
  gemini: 'gemini',
  'openai-responses': 'openai',
  'openai-chat': 'openai-chat',
  cohere: 'cohere',
  'mistral-chat': 'mistral',
  ollama: 'ollama',
};

export function isSameFamily(one: DialectId, other: DialectId): boolean {
  return FAMILIES[one] === FAMILIES[other];
}

/** A seal as text for a field of `carrier`. */
export function sealText(seal: Seal, carrier: DialectId): string {
  return isSameFamily(seal.dialect, carrier) ? seal.value : wrapped(seal);
}

function wrapped({ dialect, form, value }: Seal): string {
  return `${PREFIX}${dialect}.${form}.${Buffer.from(value, 'utf8').toString('base64url')}`;
}

/** The seal in a field of `carrier`: a wrapped one is what it was, everything else is the carrier's own, of the given form. */
export function readSeal(value: string, carrier: DialectId, form: Seal['form']): Seal {
  return unwrap(value) ?? { dialect: carrier, form, value };
}

const BASE64 = /^[\w+/-]+=*$/;

/**
 * As `sealText`, for a field that must be standard base64 (Gemini's thoughtSignature is bytes). A seal of the family that is none, because another
 * vendor's door broke it, is wrapped too: readers that decode the field would fail on it.
 */
export function sealBase64(seal: Seal, carrier: DialectId): string {
  const isSame = isSameFamily(seal.dialect, carrier);
  if (isSame && BASE64.test(seal.value)) return seal.value;
  return Buffer.from(isSame ? wrapped(seal) : sealText(seal, carrier), 'utf8').toString('base64');
}

export function readSealBase64(value: string, carrier: DialectId, form: Seal['form']): Seal {
  // "dGdzMS" is the base64 of the prefix's first bytes: nothing else is decoded at all
  if (!value.startsWith('dGdzMS')) return { dialect: carrier, form, value };
  return unwrap(Buffer.from(value, 'base64').toString('utf8')) ?? { dialect: carrier, form, value };
}

function unwrap(value: string): Seal | null {
  if (!value.startsWith(PREFIX)) return null;
  const [, dialect, form, encoded] = value.split('.');
  if (dialect === undefined || form === undefined || encoded === undefined) return null;
  if (!isDialect(dialect) || !isForm(form)) return null;
  return { dialect, form, value: Buffer.from(encoded, 'base64url').toString('utf8') };
}

function isDialect(name: string): name is DialectId {
  return NAMES.has(name);
}

function isForm(name: string): name is Seal['form'] {
  return FORMS.has(name);
}
