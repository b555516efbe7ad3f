import type { Tool } from '../canonical/request.js';
import { UniqueNames } from '../canonical/unique-names.js';
import { TOOL_NAME_CHARACTERS_MAX } from './wire.js';

/** What a client calls a tool, and of which kind it is. */
export interface NamedTool {
  readonly name: string;
  readonly variant: 'function' | 'custom';
}

/** Names of a request's tools here and there, made of the tools alone: the answer's decoder makes the same ones. Two that become one get a number. */
export class ToolNames {
  readonly #names = new UniqueNames();
  readonly #byWire = new Map<string, NamedTool>();
  readonly #wires = new Map<string, string>();

  constructor(tools: readonly Tool[]) {
    for (const tool of tools) if (tool.kind !== 'server') this.#add(tool.name, tool.kind);
  }

  wireOf(name: string): string {
    return this.#wires.get(name) ?? legalName(name, '');
  }

  /** A name nobody defined is a function of that name. */
  toolOf(wire: string): NamedTool {
    return this.#byWire.get(wire) ?? { name: wire, variant: 'function' };
  }

  #add(name: string, variant: NamedTool['variant']): void {
    if (this.#wires.has(name)) return;
    const wire = this.#names.take(legalName(name, ''), (number) => legalName(name, `_${number}`));
    this.#wires.set(name, wire);
    this.#byWire.set(wire, { name, variant });
  }
}

function legalName(name: string, ending: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, TOOL_NAME_CHARACTERS_MAX - ending.length);
  return `${legal === '' ? 'tool' : legal}${ending}`;
}
