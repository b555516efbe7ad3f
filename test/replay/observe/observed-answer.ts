/**
 * What a reader of one vendor's documentation sees in an answer. Each reader here is written from that documentation and shares no code with the
 * gateway: what two of them agree on, across two dialects, is what was said.
 */
export interface ObservedCall {
  readonly name: string;
  /** parsed where it is JSON, else the text */
  readonly input: unknown;
}

export interface ObservedChoice {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly ObservedCall[];
  readonly finish: ObservedFinish;
}

/** Coarse on purpose: what every dialect can say. `none` is a blank end. */
export type ObservedFinish = 'stop' | 'length' | 'tools' | 'filter' | 'none' | 'other';

export interface ObservedAnswer {
  readonly choices: readonly ObservedChoice[];
  /** all input and all output tokens, cached and thought ones included; null: not reported */
  readonly usage: { readonly input: number; readonly output: number } | null;
  /** seals (signatures, encrypted reasoning) byte for byte, in order */
  readonly seals: readonly string[];
  readonly hasError: boolean;
}

export type Json = Record<string, unknown>;

export function json(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function jsons(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((item): item is Json => typeof item === 'object' && item !== null) : [];
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text;
  }
}

/** A choice while it is put together. */
export class Draft {
  text = '';
  reasoning = '';
  refusal = '';
  readonly calls = new Map<string, { name: string; text: string; input: unknown }>();
  finish: ObservedFinish = 'none';

  call(key: string): { name: string; text: string; input: unknown } {
    const known = this.calls.get(key);
    if (known) return known;
    const call = { name: '', text: '', input: undefined };
    this.calls.set(key, call);
    return call;
  }

  done(): ObservedChoice {
    const calls = [...this.calls.values()].map(({ name, text, input }) => ({
      name,
      input: input === undefined ? parsed(text) : input,
    }));
    return { text: this.text, reasoning: this.reasoning, refusal: this.refusal, calls, finish: this.finish };
  }
}

/** The events of a server-sent stream; CRLF, LF and CR end lines alike, several data lines of one event join with a newline. */
export function sseEvents(text: string): readonly { readonly name: string; readonly data: string }[] {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n');
      const value = (field: string): string[] =>
        lines
          .filter((line) => line.startsWith(`${field}:`))
          .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
      return { name: value('event').at(-1) ?? '', data: value('data').join('\n') };
    })
    .filter(({ data }) => data !== '');
}

export function sseObjects(text: string): Json[] {
  return sseEvents(text).flatMap(({ data }) => {
    const value = data.trim() === '[DONE]' ? null : parsed(data);
    return typeof value === 'object' && value !== null ? [value as Json] : [];
  });
}
