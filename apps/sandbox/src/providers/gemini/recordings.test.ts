import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { validateCount, validateGenerate } from './validate.js';

/** What the real vendor accepted must be accepted here. The recordings are no part of the project; without them this file says so and passes. */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../../../shared/recordings');

interface Exchange {
  readonly name: string;
  readonly api: string;
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function load(): Exchange[] {
  if (!existsSync(folder)) {
    console.log(`no recordings at ${folder}: the tests over recorded exchanges are skipped`);
    return [];
  }
  const apis = [
    'google/gemini',
    'google/gemini-count-tokens',
    'google-vertex/gemini',
    'google-vertex/gemini-count-tokens',
  ];
  return apis.flatMap((api) =>
    readdirSync(path.join(folder, api)).flatMap((name) => {
      const { request, response } = JSON.parse(readFileSync(path.join(folder, api, name), 'utf8'));
      if (response.status !== 200 || typeof request?.body !== 'object') return [];
      return [{ name, api, target: request.path, body: request.body }];
    }),
  );
}

const exchanges = load();
const modelOf = (target: string): string => /\/models\/([^/:]+):/.exec(target)?.[1] ?? '';

describe.skipIf(exchanges.length === 0)('recorded requests', () => {
  test('that Google answered are not refused here', () => {
    const refused = exchanges.flatMap(({ name, api, target, body }) => {
      const door = { model: modelOf(target), isVertex: api.startsWith('google-vertex'), checksSignatures: false };
      const validated = api.endsWith('count-tokens') ? validateCount(body, door) : validateGenerate(body, door);
      return validated.kind === 'error' ? [`${api}/${name}: ${validated.body.error.message}`] : [];
    });
    expect(exchanges.length).toBeGreaterThan(150);
    expect(refused).toEqual([]);
  });

  test('with thoughts signed elsewhere are refused for the signature, and only for it', () => {
    const isSigned = /"(?:thoughtSignature|thought_signature)":"(?!c2tpcF90|Y29udGV4)[^"]{40}/;
    const signed = exchanges.filter(({ body }) => isSigned.test(JSON.stringify(body['contents'])));
    expect(signed.length).toBeGreaterThan(0);
    for (const { body, target, api } of signed) {
      const door = { model: modelOf(target), isVertex: api.startsWith('google-vertex'), checksSignatures: true };
      const validated = validateGenerate(body, door);
      expect(validated.kind === 'error' && validated.body.error.message).toMatch(/thought signature/i);
    }
  });
});
