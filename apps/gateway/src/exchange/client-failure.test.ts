import { providerCodec } from '@tollgate/dialects';
import { describe, expect, it } from 'vitest';
import { clientFailure } from './client-failure.js';

const CANARY = 'canary';

/** What a client is told of one answer of a provider. */
function told(dialect: string, status: number, body: object | string): string {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const failure = providerCodec(dialect, 'direct').decodeFailure(status, bytes, {});
  return JSON.stringify(clientFailure(failure, { requestId: 'r-1', provider: 'p' }));
}

const openai = (message: string, more: object = {}) => ({ error: { message, type: 'invalid_request_error', ...more } });
const anthropic = (message: string) => ({ type: 'error', error: { type: 'invalid_request_error', message } });
const google = (message: string, details: readonly object[] = []) => ({
  error: { code: 400, message, status: 'INVALID_ARGUMENT', details },
});

describe('errors never quote an account of ours', () => {
  it.each<[string, string, object | string]>([
    ['openai-chat', 'organisation', openai('Organization org-canary123 may not use it in proj_canary1.')],
    ['openai-chat', 'named organisation', openai('Your organization `canary-inc` must be verified to use this model.')],
    ['openai-chat', 'key', openai('Incorrect input near sk-proj-canary1234.')],
    ['openai-chat', 'Azure resource', openai('Call https://canary-res.openai.azure.com/openai/deployments/x instead.')],
    ['openai-chat', 'Azure AI resource', openai('Resource canary-res.services.ai.azure.com cannot do that.')],
    ['openai-chat', 'Azure subscription', openai('In /subscriptions/canary-1/resourceGroups/canary-rg/providers/x.')],
    ['openai-chat', 'Azure deployment', openai('The deployment canary-deploy does not support this.')],
    ['openai-chat', 'Cloudflare account', openai('No route for /accounts/canary0123456789abcdef/ai/run.')],
    ['openai-chat', 'Fireworks account', openai('Model accounts/canary-co/models/m cannot take images.')],
    ['openai-chat', 'parameter', openai('Wrong.', { param: 'org-canary1' })],
    ['openai-chat', 'code', openai('Wrong.', { code: 'org-canary1' })],
    ['openai-responses', 'organisation', openai('Item belongs to organization org-canary123.')],
    ['mistral-chat', 'workspace', { detail: 'workspace canary-ws has no such model option' }],
    ['anthropic-messages', 'workspace', anthropic('This workspace (wrkspc_canary1) may not use it.')],
    ['anthropic-messages', 'organisation', anthropic('Organization canary-1111-2222 has disabled it.')],
    [
      'gemini',
      'project',
      google('Invalid resource projects/canary-prod/locations/us-central1/publishers/google/models/x.'),
    ],
    ['gemini', 'named project', google("Project 'canary-prod' has no such setting; see project:canary-prod.")],
    ['gemini', 'service account', google('The caller gateway@canary-prod.iam.gserviceaccount.com sent no text.')],
    ['gemini', 'consumer', google('Not enabled for consumer project_number:canary99.')],
    [
      'bedrock-converse',
      'ARN',
      { message: 'Invalid model arn:aws:bedrock:us-east-1:canary012345:inference-profile/canary.' },
    ],
    ['bedrock-converse', 'account', { message: 'Account canary012345 may not stream.' }],
    ['bedrock-converse', 'user', { message: 'User: arn:aws-us-gov:iam::canary012345:user/canary is malformed.' }],
    ['bedrock-converse', 'access key', { message: 'AKIACANARYCANARY1234 and ASIACANARYCANARY1234 are malformed.' }],
    ['bedrock-invoke', 'ARN', { message: 'arn:aws:sts::canary012345:assumed-role/canary/canary is malformed.' }],
  ])('%s: %s', (dialect, _what, body) => {
    expect(told(dialect, 400, body).toLowerCase()).not.toContain(CANARY);
  });

  it('an account number alone is none of the caller’s business either', () => {
    expect(told('bedrock-converse', 400, { message: 'In account 123456789012 this is not on.' })).not.toContain(
      '123456789012',
    );
    const id = '7f1a2b3c-1234-4abc-9def-0123456789ab';
    expect(told('anthropic-messages', 400, anthropic(`Organization ${id} has disabled it.`))).not.toContain(id);
  });

  it('our own bill is not the caller’s: a balance that is too low is no mistake in the request', () => {
    const low = 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.';
    for (const [dialect, body] of [
      ['anthropic-messages', anthropic(low)],
      ['openai-chat', openai(low)],
    ] as const) {
      expect(told(dialect, 400, body)).toContain('provider_rate_limited');
      expect(told(dialect, 400, body)).not.toMatch(/billing|credit/i);
    }
  });

  it('what is wrong with the request is told in the provider’s words', () => {
    const messages = [
      'messages.0.content: Input should be a valid string',
      "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
      'max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens',
      'project the vectors onto the account of the user first',
    ];
    for (const message of messages) expect(told('openai-chat', 400, openai(message))).toContain(message);
  });
});
