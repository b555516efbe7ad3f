import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';
import { signatureOf } from './signature.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('the signature of AWS’s own worked example comes out as AWS prints it', () => {
  const rawHeaders = [
    ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
    ['Host', 'iam.amazonaws.com'],
    ['X-Amz-Date', '20150830T123600Z'],
  ];
  const { signature, request } = signatureOf(
    {
      method: 'GET',
      target: '/?Version=2010-05-08&Action=ListUsers',
      headers: { 'x-amz-date': '20150830T123600Z' },
      rawHeaders: rawHeaders.flat(),
      bodySha256: sha256(''),
    },
    {
      date: '20150830',
      region: 'us-east-1',
      service: 'iam',
      signedHeaders: ['content-type', 'host', 'x-amz-date'],
    },
    'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  );
  expect(sha256(request)).toBe('f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59');
  expect(signature.toString('hex')).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
});

const body = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'say hello' }] }] });
const path = '/providers/bedrock/model/us.amazon.nova-micro-v1%3A0/converse';

interface Changes {
  readonly secret?: string;
  readonly account?: string;
  readonly atMs?: number;
  readonly signedHeaders?: readonly string[];
  readonly sentBody?: string;
  readonly service?: string;
}

/** Signs as an AWS SDK does (host, date; the path percent-encoded once more) and sends. */
async function sendSigned({ secret = 'sandbox', account = 'sandbox', atMs = Date.now(), ...more }: Changes = {}) {
  const stamp = `${new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '')}`;
  const headers = { host: new URL(sandbox.url).host, 'x-amz-date': stamp, 'content-type': 'application/json' };
  const signedHeaders = more.signedHeaders ?? ['host', 'x-amz-date'];
  const scope = { date: stamp.slice(0, 8), region: 'eu-central-1', service: more.service ?? 'bedrock', signedHeaders };
  const target = {
    method: 'POST',
    target: path,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    bodySha256: sha256(body),
  };
  const signature = signatureOf(target, scope, secret).signature.toString('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${account}/${scope.date}/${scope.region}/${scope.service}/aws4_request, ` +
    `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  const seen = await sandbox.send('POST', path, {
    body: more.sentBody ?? body,
    headers: { ...headers, authorization, 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0' },
  });
  return { status: seen.status, type: seen.headers['x-amzn-errortype'], message: JSON.parse(seen.text).message };
}

const framework = 'http://internal.amazon.com/coral/com.amazon.coral.service/';

describe('a request is served', () => {
  test('when its signature is right', async () => {
    expect((await sendSigned()).status).toBe(200);
  });

  test('when it carries a Bedrock API key', async () => {
    const headers = { authorization: 'Bearer bedrock-api-key-x', 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0' };
    expect((await sandbox.send('POST', path, { body, headers })).status).toBe(200);
  });

  test('when another account signs it in the right form, which nobody here can check', async () => {
    expect((await sendSigned({ account: 'AKIAEXAMPLE', secret: 'whatever' })).status).toBe(200);
  });
});

describe('a request is refused with 403', () => {
  test('without any credential', async () => {
    const seen = await sandbox.send('POST', path, { body });
    expect(seen.status).toBe(403);
    expect(seen.headers['x-amzn-errortype']).toBe(`MissingAuthenticationTokenException:${framework}`);
    expect(JSON.parse(seen.text)).toEqual({ message: 'Missing Authentication Token' });
  });

  test('when the secret is another, the body was changed, or the path was not encoded twice', async () => {
    for (const changes of [{ secret: 'other' }, { sentBody: body.replace('hello', 'jello') }]) {
      const { status, type, message } = await sendSigned(changes);
      expect([status, type]).toEqual([403, `InvalidSignatureException:${framework}`]);
      expect(message).toMatch(/^The request signature we calculated does not match/);
      expect(message).toContain('/model/us.amazon.nova-micro-v1%253A0/converse');
    }
  });

  test('when the host is not signed, the date is old, or the service is another', async () => {
    expect((await sendSigned({ signedHeaders: ['x-amz-date'] })).message).toContain("'Host'");
    expect((await sendSigned({ atMs: Date.now() - 600_000 })).message).toMatch(/^Signature expired/);
    expect((await sendSigned({ service: 's3' })).message).toContain("correct service: 'bedrock'");
  });

  test('when the account is nobody’s', async () => {
    const { type, message } = await sendSigned({ account: 'invalid-key' });
    expect(type).toBe(`UnrecognizedClientException:${framework}`);
    expect(message).toBe('The security token included in the request is invalid.');
  });

  test('when the header is not a signature', async () => {
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/bedrock/aws4_request' };
    const seen = await sandbox.send('POST', path, { body, headers });
    expect(seen.headers['x-amzn-errortype']).toBe(`IncompleteSignatureException:${framework}`);
  });
});
