import type { SandboxAction, SandboxControl } from '../../harness/sandbox-control.js';
import type { Mark } from './request-plan.js';

const ACTIONS: Readonly<Record<Exclude<Mark, 'none'>, SandboxAction>> = {
  reset_3: { kind: 'reset', afterEvents: 3 },
  reset_9: { kind: 'reset', afterEvents: 9 },
  cut_6: { kind: 'cut', afterEvents: 6 },
  error_event_4: { kind: 'error_event', afterEvents: 4, error: { message: 'overloaded', type: 'overloaded_error' } },
  no_usage: { kind: 'omit_usage' },
  status_400: { kind: 'status', status: 400 },
  status_429: { kind: 'status', status: 429 },
  status_500: { kind: 'status', status: 500 },
  status_529: { kind: 'status', status: 529 },
  slow: { kind: 'pace', ttftMs: 300, paceMs: 25 },
};

/** What a prompt says so that the provider behind the gateway behaves as marked. */
export function wordsOf(mark: Mark): string {
  return mark === 'none' ? '' : ` [mark:${mark}]`;
}

/** Tells the sandbox what the words mean. */
export async function teachMarks(sandbox: SandboxControl): Promise<void> {
  for (const [mark, action] of Object.entries(ACTIONS))
    await sandbox.addRule({ id: mark, match: { says: `[mark:${mark}]` }, action });
}
