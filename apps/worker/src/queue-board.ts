import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queues } from './queues.js';

/** The board an operator looks at: queues, failed jobs and why. A letter shows its receiver and subject, never its text or links. */
export function createBoard({ queues }: Queues) {
  const board = new FastifyAdapter();
  const adapters = [...queues].map(([name, queue]) => {
    const adapter = new BullMQAdapter(queue, { readOnlyMode: false });
    if (name === 'mail') adapter.setFormatter('data', letterHead);
    return adapter;
  });
  createBullBoard({ queues: adapters, serverAdapter: board, options: { uiConfig: { boardTitle: 'Tollgate queues' } } });
  board.setBasePath('/queues');
  return board.registerPlugin();
}

function letterHead(letter: unknown): object {
  if (typeof letter !== 'object' || letter === null) return {};
  const { to, subject } = letter as { to?: unknown; subject?: unknown };
  return { to, subject, text: '[not shown]', html: '[not shown]' };
}
