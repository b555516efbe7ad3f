import { describe, expect, it } from 'vitest';
import { signAws } from './sign-aws.js';

const request = {
  origin: 'https://bedrock-runtime.us-east-1.amazonaws.com',
  path: '/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse',
  headers: { 'content-type': 'application/json', 'user-agent': 'tollgate' },
  body: Buffer.from('{"messages":[]}'),
};
const identity = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
const scope = { region: 'us-east-1', service: 'bedrock', now: Date.UTC(2026, 10, 20, 12, 0, 0) };

describe('a request to Amazon', () => {
  it('T21: is signed over every header that is sent, its body and its date', () => {
    const { authorization } = signAws(request, identity, scope);
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261120\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;user-agent;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    const changed = [
      { ...request, body: Buffer.from('{"messages":[1]}') },
      { ...request, path: request.path.replace('converse', 'converse-stream') },
      { ...request, headers: { ...request.headers, 'user-agent': 'other' } },
      { ...request, origin: 'https://bedrock-runtime.eu-west-1.amazonaws.com' },
    ];
    for (const other of changed) expect(signAws(other, identity, scope)['authorization']).not.toBe(authorization);
    expect(signAws(request, identity, { ...scope, now: scope.now + 1000 })['authorization']).not.toBe(authorization);
  });

  it('carries the session token of a temporary identity, signed like the rest', () => {
    const signed = signAws(request, { ...identity, sessionToken: 'token' }, scope);
    expect(signed['x-amz-security-token']).toBe('token');
    expect(signed['authorization']).toContain(';x-amz-date;x-amz-security-token,');
  });

  it('never shows the secret', () => {
    expect(JSON.stringify(signAws(request, identity, scope))).not.toContain(identity.secretAccessKey);
  });
});
