import { describe, expect, it } from 'vitest';
import { createLogger } from './index.js';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(
    createLogger({ name: 'test', level: 'trace', destination: { write: (line: string) => void lines.push(line) } }),
  );
  return lines.join('');
}

describe('the log', () => {
  it('never holds a secret or a prompt, by name or by shape', () => {
    const canary = 'tg_CanaryCanary0123456789';
    const text = logged((log) => {
      log.info(
        { headers: { authorization: `Bearer ${canary}` }, body: canary, request: { headers: { 'x-api-key': canary } } },
        `sent ${canary}`,
      );
      log.error({ error: new Error(`connect postgresql://user:${canary}@host failed for ${canary}`) }, 'failed');
    });
    expect(text).not.toContain(canary);
    expect(text).toContain('[redacted]');
  });

  it('keeps what an operator needs', () => {
    const text = logged((log) => log.warn({ requestId: 'r1', status: 502 }, 'provider failed'));
    expect(JSON.parse(text)).toMatchObject({ requestId: 'r1', status: 502, msg: 'provider failed', name: 'test' });
  });
});

it('an error of JSON quotes nothing of the text that was no JSON', () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  for (const text of ['canary prompt', '{"a": canary prompt}', '{"prompt":"canary', `${'x'.repeat(100)} canary`])
    try {
      JSON.parse(text);
    } catch (error) {
      log.error({ error }, 'not read');
    }
  expect(lines).toHaveLength(4);
  expect(lines.join()).not.toMatch(/canary|prompt/);
  expect(lines.join()).toContain('SyntaxError');
});
