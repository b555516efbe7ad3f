import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { validateResponses } from './validate.js';

/** What the real vendor accepted must be accepted here. The recordings are no part of the project; without them this file says so and passes. */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../../../shared/recordings');

interface Exchange {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function load(): Exchange[] {
  if (!existsSync(folder)) {
    console.log(`no recordings at ${folder}: the tests over recorded exchanges are skipped`);
    return [];
  }
  const cases = path.join(folder, 'openai/openai-responses');
  return readdirSync(cases).flatMap((name) => {
    const { request, response } = JSON.parse(readFileSync(path.join(cases, name), 'utf8'));
    if (response.status !== 200 || request?.path !== '/v1/responses' || typeof request.body !== 'object') return [];
    return [{ name, body: request.body }];
  });
}

const exchanges = load();
/** Continues what the vendor had kept: the call before is not in the request. */
const continues = ({ body }: Exchange): boolean => (body['previous_response_id'] ?? body['conversation']) != null;

describe.skipIf(exchanges.length === 0)('recorded requests', () => {
  test('that OpenAI answered are not refused here', () => {
    const refused = exchanges
      .filter((exchange) => !continues(exchange))
      .flatMap(({ name, body }) => {
        const validated = validateResponses(body, { provider: 'openai', opensReasoning: false });
        return validated.kind === 'error' ? [`${name}: ${validated.body.error.message}`] : [];
      });
    expect(exchanges.length).toBeGreaterThan(150);
    expect(refused).toEqual([]);
  });

  test('with reasoning encrypted elsewhere are refused for it, and only for it', () => {
    const encrypted = exchanges.filter(
      (each) => !continues(each) && JSON.stringify(each.body['input']).includes('"reasoning"'),
    );
    expect(encrypted.length).toBeGreaterThan(0);
    for (const { body } of encrypted) {
      const validated = validateResponses(body, { provider: 'openai', opensReasoning: true });
      expect(validated).toMatchObject({ kind: 'error', body: { error: { code: 'invalid_encrypted_content' } } });
    }
  });
});
