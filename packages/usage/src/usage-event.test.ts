import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import { decodeUsageEvent, encodeUsageEvent, type UsageEvent } from './usage-event.js';

const id = '01a1f940-d5bc-7b60-b870-46e25315f6b6';
const event: UsageEvent = {
  version: 1,
  requestId: id,
  callerRequestId: 'caller-1',
  organizationId: id,
  projectId: id,
  keyId: id,
  gatewayBoot: 'boot',
  epoch: 'e',
  dialect: 'openai-chat',
  requestedModel: 'gpt',
  model: 'openai/gpt',
  endpointId: 'openai:gpt',
  provider: 'openai',
  region: null,
  isSandbox: true,
  isStream: false,
  priceVersionId: '7',
  markupBp: 550,
  lines: [{ bucket: 'input', quantity: 3, unitPriceNanousdPerMillion: nanousdPerMillion(9_007_199_254_740_993n) }],
  costNanousd: nanousd(9_007_199_254_740_993n),
  feeNanousd: nanousd(0n),
  chargeNanousd: nanousd(2n ** 63n - 1n),
  lossNanousd: nanousd(1n),
  tokens: { input: 3, cachedInput: 0, output: 0, reasoning: 0 },
  usageSource: 'reported',
  ending: 'finished',
  finish: 'stop',
  status: 200,
  errorCode: null,
  startedAtMs: 1,
  settledAtMs: 2,
  durationMs: 1,
  firstTokenMs: null,
  gatewayMs: 0.25,
  features: { inputCharacters: 1, messages: 1, tools: 0, images: 0 },
  metadata: { team: 'ä' },
  attempts: [],
  losses: [],
};

describe('the settlement record', () => {
  it('survives being written and read, with amounts that no float could carry', () => {
    expect(decodeUsageEvent(encodeUsageEvent(event))).toEqual({ ok: true, event });
  });

  it('what cannot be read is named, never thrown', () => {
    expect(decodeUsageEvent('{')).toMatchObject({ ok: false });
    expect(
      decodeUsageEvent(JSON.stringify({ ...JSON.parse(encodeUsageEvent(event)), chargeNanousd: 12.5 })),
    ).toMatchObject({ ok: false, reason: expect.stringContaining('chargeNanousd') });
    expect(decodeUsageEvent(JSON.stringify({ ...JSON.parse(encodeUsageEvent(event)), requestId: 'x' }))).toMatchObject({
      ok: false,
    });
  });

  it('a NUL byte in it does not stop everybody’s billing', () => {
    const decoded = decodeUsageEvent(encodeUsageEvent({ ...event, metadata: { note: 'a\u0000b' } }));
    expect(decoded).toMatchObject({ ok: true, event: { metadata: { note: 'a\ufffdb' } } });
  });
});
