import type { Endpoint } from '@tollgate/catalog';
import { type Envelope, type Usage, usageTotals } from '@tollgate/dialects';

/** The longest context that is sold; for models whose own is not known. */
const CONTEXT_TOKENS_MAX = 10_000_000;
/** How often a model may be run within one request: it searches, thinks again, and every round is reported together. */
const ROUNDS = 8;
/** The same where the request brings tools, some of which run at the provider. */
const TOOL_ROUNDS = 64;

/**
 * Whether a provider can have meant what it reported (M9). A slip of a provider's (a count of another request, a counter that ran over) would be
 * charged to the customer far beyond what was held; beyond that many rounds over the whole context, our own count is nearer to the truth.
 * Nor is there an answer to no input at all: a prompt of 0 (or a negative number, or none, beside an output) would be a silent zero; a report does not
 * tell which of these it was. `countOutput` is our count of what came out, asked for only where no output is reported: what was received cannot be nothing either.
 */
export function isPlausible(
  reported: Usage,
  envelope: Envelope,
  endpoint: Endpoint,
  countOutput: () => number = () => 0,
): boolean {
  if (endpoint.operation !== 'chat') return true;
  const { input, output } = usageTotals(reported);
  if (input === 0 || (output === 0 && countOutput() > 0)) return false;
  const context = Math.max(
    endpoint.contextTokens ?? CONTEXT_TOKENS_MAX,
    envelope.inputTokensBound,
    endpoint.maxOutputTokens ?? 0,
  );
  const most = context * envelope.choices * (envelope.features.tools > 0 ? TOOL_ROUNDS : ROUNDS);
  return input <= most && output <= most;
}
