import { nanousd } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import type { UsageEvent } from './usage-event.js';
import { isErrorEvent, rollUp } from './usage-rollup.js';

function event(changes: Partial<UsageEvent>): UsageEvent {
  return {
    organizationId: 'o',
    projectId: 'p',
    keyId: 'k',
    model: 'm',
    provider: 'x',
    status: 200,
    ending: 'finished',
    startedAtMs: 3_600_000 * 5 + 1,
    durationMs: 40,
    firstTokenMs: null,
    tokens: { input: 10, cachedInput: 4, output: 3, reasoning: 1 },
    costNanousd: nanousd(5n),
    chargeNanousd: nanousd(6n),
    lossNanousd: nanousd(1n),
    ...changes,
  } as UsageEvent;
}

describe('rollups', () => {
  it('requests of one hour and one everything are one row, and it is their sum', () => {
    const events = [event({}), event({ firstTokenMs: 9, status: 500 }), event({ startedAtMs: 3_600_000 * 6 - 1 })];
    const [row, ...others] = rollUp(events);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      hourMs: 3_600_000 * 5,
      requestCount: 3,
      errorCount: 1,
      inputTokens: 30,
      cachedInputTokens: 12,
      outputTokens: 9,
      reasoningTokens: 3,
      costNanousd: 15n,
      chargeNanousd: 18n,
      lossNanousd: 3n,
    });
    expect(row?.durationHistogram.at(-1)).toBe(3);
    expect(row?.firstTokenHistogram.at(-1)).toBe(1);
  });

  it('another hour, project, key, model or provider is another row', () => {
    const events = [{}, { startedAtMs: 1 }, { projectId: 'q' }, { keyId: 'l' }, { model: 'n' }, { provider: 'y' }];
    expect(rollUp(events.map(event))).toHaveLength(6);
  });

  it('an error is what the client saw as one; leaving is not', () => {
    const endings = ['finished', 'client_left', 'expired', 'provider_died', 'refused', 'crashed'] as const;
    const errors = endings.filter((ending) => isErrorEvent({ status: 200, ending }));
    expect(errors).toEqual(['expired', 'provider_died', 'refused', 'crashed']);
    expect(isErrorEvent({ status: 400, ending: 'finished' })).toBe(true);
    expect(isErrorEvent({ status: 399, ending: 'finished' })).toBe(false);
  });
});
