import type { Admission } from '@tollgate/admission';
import type { Call } from './call.js';
import { boundOf } from './hold.js';
import {
  type ExtensionOptions,
  HoldExtension,
  type HoldExtensions,
  type Spending,
  unseenTokens,
} from './hold-extension.js';

export interface SpendingPorts {
  readonly admission: Admission;
  readonly extensions: HoldExtensions;
  readonly monotonic: () => number;
}

/** Keeps the hold of a running answer ahead of it. Answers how to stop. */
export function watchSpending(ports: SpendingPorts, call: Call, spending: Spending): () => void {
  const { admission, heldNanousd, maxCostNanousd, principal, input } = call;
  const bounds = admission?.hold.bounds ?? null;
  if (heldNanousd === null || bounds === null) return () => undefined;
  const [organizationId, requestId] = [principal.organizationId, input.requestId];
  const extend: ExtensionOptions['extend'] = async (amounts) => {
    const extension = await ports.admission.extend({ organizationId, requestId, ...amounts });
    if (extension.kind === 'extended') call.heldNanousd = extension.heldNanousd;
    return extension;
  };
  const mostTokens = toldMaximum(call);
  if (mostTokens !== null && boundOf(bounds, mostTokens) <= heldNanousd) return () => undefined;
  const extension = new HoldExtension({ extend, bounds, heldNanousd, maxCostNanousd, mostTokens });
  return ports.extensions.watch(extension, spending);
}

/** The output the provider will end at by itself, over all choices. */
function toldMaximum({ clampedOutput, envelope }: Call): number | null {
  const each = clampedOutput ?? envelope.outputMax;
  return each === null ? null : each * envelope.choices;
}

/** An answer that comes as a whole cannot be ended half-way; its hold grows with the time it takes. */
export function watchUnseen(ports: SpendingPorts, call: Call): () => void {
  const startedAt = ports.monotonic();
  const estimate = () => unseenTokens(ports.monotonic() - startedAt);
  return watchSpending(ports, call, { estimate, count: () => 0, end: () => undefined });
}
