import type { StoredTurn } from '@tollgate/dialects';
import type { Database } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { describe, expect, it } from 'vitest';
import { ResponseMemory } from './response-memory.js';

const owner = {
  organizationId: '00000000-0000-7000-8000-00000000000a',
  projectId: '00000000-0000-7000-8000-00000000000b',
};
const sibling = { ...owner, projectId: '00000000-0000-7000-8000-00000000000c' };
const turn = { items: [{ role: 'user', content: 'canary' }], body: { id: 'resp_1', canary: true } } as StoredTurn;

/** A database with one row for everybody: whoever asks gets it, as if the query forgot whose it is. `saveMs` is how long it takes to write. */
function memoryOver(saveMs = 0) {
  let box: Uint8Array | null = null;
  const queries: unknown[][] = [];
  const lines: string[] = [];
  const database = {
    $executeRaw: async (_text: unknown, ...values: unknown[]) => {
      queries.push(values);
      await new Promise((resolve) => setTimeout(resolve, saveMs));
      box = values.find((value): value is Uint8Array => value instanceof Uint8Array) ?? box;
      return 1;
    },
    $queryRaw: async (_text: unknown, ...values: unknown[]) => {
      queries.push(values);
      return box === null ? [] : [{ payload: box }];
    },
  } as unknown as Database;
  const log = createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  const memory = new ResponseMemory(database, 'a secret of at least thirty-two characters', log, Date.now);
  return { memory, queries, lines, row: () => box };
}

describe('turns that are kept', () => {
  it('are found by a follow-up that comes before they have arrived', async () => {
    const { memory } = memoryOver(30);
    memory.keep(owner, 'resp_1', turn);
    expect(await memory.load(owner, 'resp_1')).toEqual({ kind: 'found', turn });
  });

  it('are deleted also where they have not arrived yet', async () => {
    const { memory, queries } = memoryOver(30);
    memory.keep(owner, 'resp_1', turn);
    expect(await memory.delete(owner, 'resp_1')).toBe(true);
    expect(queries).toHaveLength(2);
  });

  it('do not open for another project or under another id, whatever a query gives, and nothing of them is in clear', async () => {
    const { memory, row, lines } = memoryOver();
    memory.keep(owner, 'resp_1', turn);
    await memory.whenIdle();
    expect(await memory.load(sibling, 'resp_1')).toEqual({ kind: 'missing' });
    expect(await memory.load(owner, 'resp_2')).toEqual({ kind: 'missing' });
    expect(await memory.load(owner, 'resp_1')).toMatchObject({ kind: 'found' });
    expect(Buffer.from(row() ?? []).toString('latin1')).not.toContain('canary');
    expect(lines.join()).not.toContain('canary');
  });

  it('grow no further than a conversation can: a follow-up of what is larger is told that there is none', async () => {
    const { memory, queries, lines } = memoryOver();
    memory.keep(owner, 'resp_1', { ...turn, items: [{ role: 'user', content: 'canary '.repeat(5_000_000) }] });
    expect(await memory.load(owner, 'resp_1')).toEqual({ kind: 'missing' });
    expect(queries).toHaveLength(1);
    expect(lines.join()).toContain('too large');
    expect(lines.join()).not.toContain('canary');
  });

  it.each(['resp_\u0000', '', 'resp 1', `resp_${'x'.repeat(200)}`, "resp_1'--", '../resp_1'])(
    'T14: %j is no id and no question to the database',
    async (id) => {
      const { memory, queries } = memoryOver();
      expect(await memory.load(owner, id)).toEqual({ kind: 'missing' });
      expect(await memory.delete(owner, id)).toBe(false);
      expect(queries).toHaveLength(0);
    },
  );
});
