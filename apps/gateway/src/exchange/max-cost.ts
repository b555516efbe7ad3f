import { type Nanousd, parseUsd } from '@tollgate/amount';
import type { Decoded, Envelope } from '@tollgate/dialects';
import type { ExchangeInput } from './call.js';

/** The header says the same as the member of the body; the lower of the two binds. */
export const MAX_COST_HEADER = 'x-tollgate-max-cost-usd';

/** The most the caller will pay for this request, or null where nothing was said. Anything but a positive amount is the caller's mistake. */
export function maxCostOf(input: Pick<ExchangeInput, 'maxCostUsd'>, envelope: Envelope): Decoded<Nanousd | null> {
  const said = [
    { text: input.maxCostUsd ?? null, param: MAX_COST_HEADER },
    { text: envelope.maxCostUsd, param: 'max_cost_usd' },
  ];
  let least: Nanousd | null = null;
  for (const { text, param } of said) {
    if (text === null) continue;
    const parsed = parseUsd(text);
    if (!parsed.ok || parsed.value <= 0n) {
      const message = `'${param}' must be US dollars above 0: a decimal with at most nine decimals.`;
      return { ok: false, failure: { code: 'invalid_request', message, param } };
    }
    if (least === null || parsed.value < least) least = parsed.value;
  }
  return { ok: true, value: least };
}
