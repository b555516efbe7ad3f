import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { validateCount, validateMessages } from './validate.js';

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
  return [
    'anthropic/anthropic-messages',
    'anthropic/anthropic-count-tokens',
    'google-vertex/anthropic-messages',
  ].flatMap((api) =>
    readdirSync(path.join(folder, api)).flatMap((name) => {
      const { request, response } = JSON.parse(readFileSync(path.join(folder, api, name), 'utf8'));
      if (response.status !== 200 || typeof request?.body !== 'object') return [];
      return [{ name, api, target: request.path, body: request.body }];
    }),
  );
}

const exchanges = load();

describe.skipIf(exchanges.length === 0)('recorded requests', () => {
  test('that Anthropic answered are not refused here', () => {
    const refused = exchanges.flatMap(({ name, api, target, body }) => {
      const { anthropic_version: version, ...rest } = body;
      const whole = version === undefined ? body : { model: 'claude-3-7-sonnet@20250219', ...rest };
      const door = { isBeta: target.includes('beta=true'), checksSignatures: false };
      const validated = api.endsWith('count-tokens') ? validateCount(whole, door) : validateMessages(whole, door);
      return validated.kind === 'error' ? [`${name}: ${validated.message}`] : [];
    });
    expect(exchanges.length).toBeGreaterThan(150);
    expect(refused).toEqual([]);
  });

  test('with thinking signed elsewhere are refused for the signature, and only for it', () => {
    const signed = exchanges.filter(({ body }) => JSON.stringify(body['messages']).includes('"signature":'));
    expect(signed.length).toBeGreaterThan(0);
    for (const { body, target } of signed) {
      const validated = validateMessages(body, { isBeta: target.includes('beta=true'), checksSignatures: true });
      expect(validated).toMatchObject({ kind: 'error', status: 400 });
      expect(validated.kind === 'error' && validated.message).toMatch(/Invalid `signature` in `thinking` block/);
    }
  });
});
