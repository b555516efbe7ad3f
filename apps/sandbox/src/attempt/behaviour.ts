import type { Action, Rule } from '../control/rules.js';
import type { Settings } from '../control/settings.js';
import type { Dialect } from '../providers/dialect.js';
import type { EventFault, Manner } from './deliver.js';
import { type Incoming, millisecondsHeader } from './incoming.js';
import type { Split } from './split-sink.js';

/** The kind of an action that decides the whole answer. */
export type WholeAnswer = Extract<Action, { kind: 'status' | 'empty' | 'content_type' | 'fixed' | 'echo' | 'replay' }>;

/** What the rules that apply to a request come to, taken together. */
export interface Behaviour {
  readonly whole: WholeAnswer | null;
  readonly omitUsage: boolean;
  readonly split: Split | null;
  /** Headers trickle out over this time; null for the usual way. */
  readonly slowHeadMs: number | null;
  readonly manner: Manner;
}

/** Adds up the actions of rules. Pace: a rule wins over the request's own headers, these over the settings. */
export function behaviourOf(
  rules: readonly Rule[],
  incoming: Incoming,
  settings: Settings,
  dialect: Dialect,
): Behaviour {
  const actions = rules.map((rule) => rule.action);
  const pace = actions.find((action) => action.kind === 'pace');
  const sizes = actions.find((action) => action.kind === 'split')?.sizes ?? null;
  const slowHeads = actions.filter((action) => action.kind === 'slow_headers');
  return {
    whole: actions.find(isWholeAnswer) ?? null,
    omitUsage: actions.some((action) => action.kind === 'omit_usage'),
    split: sizes,
    slowHeadMs: slowHeads.length === 0 ? null : slowHeads.reduce((total, action) => total + action.ms, 0),
    manner: {
      delayMs: actions.reduce((total, action) => total + (action.kind === 'delay' ? action.ms : 0), 0),
      ttftMs: pace?.ttftMs ?? millisecondsHeader(incoming.headers, 'x-sandbox-ttft-ms') ?? settings.ttftMs,
      paceMs: pace?.paceMs ?? millisecondsHeader(incoming.headers, 'x-sandbox-pace-ms') ?? settings.paceMs,
      resetBeforeHead: actions.some((action) => action.kind === 'reset' && action.afterEvents === undefined),
      faults: actions.flatMap((action) => eventFaultOf(action, incoming, dialect)),
    },
  };
}

function isWholeAnswer(action: Action): action is WholeAnswer {
  switch (action.kind) {
    case 'status':
    case 'empty':
    case 'content_type':
    case 'fixed':
    case 'echo':
    case 'replay':
      return true;
    default:
      return false;
  }
}

function eventFaultOf(action: Action, incoming: Incoming, dialect: Dialect): EventFault[] {
  switch (action.kind) {
    case 'stall':
      return [{ kind: 'stall', afterEvents: action.afterEvents, ms: action.ms ?? null }];
    case 'reset':
      return action.afterEvents === undefined ? [] : [{ kind: 'reset', afterEvents: action.afterEvents }];
    case 'cut':
      return [{ kind: 'cut', afterEvents: action.afterEvents }];
    case 'malformed': {
      const bytes =
        action.bytesBase64 === undefined
          ? (action.bytes ?? dialect.brokenEvent)
          : Buffer.from(action.bytesBase64, 'base64');
      return [{ kind: 'malformed', afterEvents: action.afterEvents, bytes }];
    }
    case 'error_event': {
      const bytes = dialect.errorEvent(action.error ?? null, action.event, incoming);
      return [{ kind: 'error_event', afterEvents: action.afterEvents, bytes }];
    }
    default:
      return [];
  }
}
