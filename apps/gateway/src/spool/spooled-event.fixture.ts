import { randomBytes } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import type { UsageEvent } from '@tollgate/usage';

export function uuid(): string {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A settlement of another run of the gateway. */
export function spooledEvent(over: Partial<UsageEvent> = {}): UsageEvent {
  return {
    version: 1,
    requestId: uuid(),
    callerRequestId: null,
    organizationId: uuid(),
    projectId: uuid(),
    keyId: uuid(),
    gatewayBoot: 'old-run',
    epoch: null,
    dialect: 'openai-chat',
    requestedModel: 'm',
    model: 'a/m',
    endpointId: 'p:m',
    provider: 'p',
    region: null,
    isSandbox: true,
    isStream: false,
    priceVersionId: '1',
    markupBp: 550,
    lines: [],
    costNanousd: nanousd(1n),
    feeNanousd: nanousd(0n),
    chargeNanousd: nanousd(2n),
    lossNanousd: nanousd(0n),
    tokens: { input: 1, cachedInput: 0, output: 1, reasoning: 0 },
    usageSource: 'reported',
    ending: 'finished',
    finish: 'stop',
    status: 200,
    errorCode: null,
    startedAtMs: 0,
    settledAtMs: 1,
    durationMs: 1,
    firstTokenMs: null,
    gatewayMs: null,
    features: { inputCharacters: 1, messages: 1, tools: 0, images: 0 },
    metadata: {},
    attempts: [],
    losses: [],
    ...over,
  };
}
