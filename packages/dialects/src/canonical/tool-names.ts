import type { Tool } from './request.js';
import { UniqueNames } from './unique-names.js';

/** What a client calls a tool, and of which kind it is. */
export interface NamedTool {
  readonly name: string;
  readonly variant: 'function' | 'custom';
}

/** A name as one that is legal on the wire, with this ending (a number that makes it unique, or nothing) at its end. */
export type LegalName = (name: string, ending: string) => string;

/**
 * Names of a request's tools here and there. Made of the tools alone, so that the answer's decoder makes the same ones: names that are illegal on the wire
 * are changed, and two that would then be one get a number.
 */
export class ToolNames {
  readonly #legal: LegalName;
  readonly #names = new UniqueNames();
  readonly #byWire = new Map<string, NamedTool>();
  readonly #wires = new Map<string, string>();

  constructor(tools: readonly Tool[], legal: LegalName) {
    this.#legal = legal;
    for (const tool of tools) if (tool.kind !== 'server') this.#add(tool.name, tool.kind);
  }

  /** The name for the wire; tools that are only in the history get a legal name too. */
  wireOf(name: string): string {
    return this.#wires.get(name) ?? this.#legal(name, '');
  }

  /** The tool behind a name on the wire; a name nobody defined is a function of that name. */
  toolOf(wire: string): NamedTool {
    return this.#byWire.get(wire) ?? { name: wire, variant: 'function' };
  }

  #add(name: string, variant: NamedTool['variant']): void {
    if (this.#wires.has(name)) return;
    const wire = this.#names.take(this.#legal(name, ''), (number) => this.#legal(name, `_${number}`));
    this.#wires.set(name, wire);
    this.#byWire.set(wire, { name, variant });
  }
}
