import { boolean, number, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

type Step = string | number;

interface Container {
  readonly step: Step | null;
  readonly isList: boolean;
  members: number;
  readonly names: Set<Step>;
}

/**
 * Writes arguments that arrive in pieces (`partialArgs`: a JSON path, a value or a piece of a text, W30) as the JSON text they add up to, piece by
 * piece, in the order of their coming, which is that of the document.
 */
export class PartialArguments {
  /** A piece came for something that was closed before: the text written so far cannot hold it. */
  isOutOfOrder = false;
  readonly #open: Container[] = [];
  /** the path of the text that goes on */
  #openText: string | null = null;

  /** The JSON text these pieces add. */
  add(partialArgs: unknown): string {
    let added = '';
    for (const piece of objects(partialArgs)) added += this.#addPiece(piece);
    return added;
  }

  /** What closes everything; "{}" where nothing came. */
  close(): string {
    if (this.#open.length === 0) return '{}';
    return this.#closeText() + this.#closeTo(0);
  }

  #addPiece(piece: JsonObject): string {
    const path = text(piece['jsonPath']) ?? '';
    const words = text(piece['stringValue']);
    if (this.#openText === path && words !== null) {
      const goesOn = piece['willContinue'] === true;
      if (!goesOn) this.#openText = null;
      return inner(words) + (goesOn ? '' : '"');
    }
    const before = this.#closeText() + this.#openAt(stepsOf(path));
    if (words === null) return before + literal(piece);
    if (piece['willContinue'] !== true) return before + JSON.stringify(words);
    this.#openText = path;
    return `${before}"${inner(words)}`;
  }

  #closeText(): string {
    if (this.#openText === null) return '';
    this.#openText = null;
    return '"';
  }

  /** Closes what the path is not in, opens what it is in, and names the value that follows. */
  #openAt(steps: readonly Step[]): string {
    let depth = 0;
    while (depth < steps.length - 1 && depth + 1 < this.#open.length && this.#open[depth + 1]?.step === steps[depth])
      depth += 1;
    let written = this.#open.length === 0 ? this.#begin(null, steps[0]) : this.#closeTo(depth + 1);
    for (; depth < steps.length - 1; depth += 1) {
      written += this.#nameOf(steps[depth] ?? '');
      written += this.#begin(steps[depth] ?? '', steps[depth + 1]);
    }
    return written + this.#nameOf(steps.at(-1) ?? '');
  }

  #begin(step: Step | null, first: Step | undefined): string {
    const isList = typeof first === 'number';
    this.#open.push({ step, isList, members: 0, names: new Set() });
    return isList ? '[' : '{';
  }

  #nameOf(step: Step): string {
    const container = this.#open.at(-1);
    if (container === undefined) return '';
    const isBehind = container.isList && typeof step === 'number' && step < container.members;
    if (isBehind || container.names.has(step)) this.isOutOfOrder = true;
    container.names.add(step);
    const gap = typeof step === 'number' ? Math.min(step, GAP_MAX) - container.members : 0;
    const nulls = gap > 0 ? Array.from({ length: gap }, () => 'null') : [];
    const comma = container.members > 0 ? ',' : '';
    container.members += 1 + nulls.length;
    const skipped = nulls.length === 0 ? '' : `${nulls.join(',')},`;
    return comma + skipped + (container.isList ? '' : `${JSON.stringify(String(step))}:`);
  }

  #closeTo(depth: number): string {
    let written = '';
    while (this.#open.length > depth) written += this.#open.pop()?.isList === true ? ']' : '}';
    return written;
  }
}

const GAP_MAX = 10_000;

function inner(words: string): string {
  return JSON.stringify(words).slice(1, -1);
}

function literal(piece: JsonObject): string {
  const value = number(piece['numberValue']) ?? boolean(piece['boolValue']);
  return value === null ? 'null' : String(value);
}

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g;

/** $.recipe.steps[0]['a b'] → recipe, steps, 0, a b */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [, name, index, single, double] of path.matchAll(STEP))
    steps.push(index === undefined ? (name ?? unescaped(single ?? double ?? '')) : Number(index));
  return steps.length === 0 ? [path] : steps;
}

function unescaped(quoted: string): string {
  return quoted.replace(/\\(.)/g, '$1');
}
