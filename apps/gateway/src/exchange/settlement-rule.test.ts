import type { Ending, UsageSource } from '@tollgate/usage';
import { describe, expect, it } from 'vitest';
import { type FinishQuality, type SettlementRule, settlementRule } from './settlement-rule.js';

/** As the table says it: who pays, and what of it is the house's loss. */
const MEANINGS = {
  billed: { bill: 'all', loss: 'nothing' },
  'free, cost lost': { bill: 'nothing', loss: 'cost' },
  'free, estimate lost': { bill: 'nothing', loss: 'estimate' },
  'free, nothing lost': { bill: 'nothing', loss: 'nothing' },
} as const satisfies Record<string, SettlementRule>;
type Meaning = keyof typeof MEANINGS;

/** How an answer looks: with or without output, and its finish. */
type Look = `${'output' | 'empty'}, ${FinishQuality}`;
const LOOKS: readonly Look[] = [
  'output, proper',
  'output, blank',
  'output, error',
  'empty, proper',
  'empty, blank',
  'empty, error',
];
const always = (meaning: Meaning): Record<Look, Meaning> => ({
  'output, proper': meaning,
  'output, blank': meaning,
  'output, error': meaning,
  'empty, proper': meaning,
  'empty, blank': meaning,
  'empty, error': meaning,
});

const answered: Record<Look, Meaning> = {
  'output, proper': 'billed',
  'output, blank': 'billed',
  'output, error': 'free, cost lost',
  // A refusal, a tool call that says nothing: an answer. Reasoning is output.
  'empty, proper': 'billed',
  'empty, blank': 'free, cost lost',
  'empty, error': 'free, cost lost',
};

/** Every cell: ending × usage × look. The types make it whole: a new ending, source or finish does not compile until it stands here. */
const TABLE: Record<Ending, Record<UsageSource, Record<Look, Meaning>>> = {
  finished: { reported: answered, counted: answered, none: always('free, estimate lost') },
  client_left: { reported: always('billed'), counted: always('billed'), none: always('free, nothing lost') },
  provider_died: {
    reported: always('free, cost lost'),
    counted: always('free, cost lost'),
    none: always('free, nothing lost'),
  },
  refused: {
    reported: always('free, cost lost'),
    counted: always('free, cost lost'),
    none: always('free, nothing lost'),
  },
  crashed: {
    reported: always('free, cost lost'),
    counted: always('free, cost lost'),
    none: always('free, estimate lost'),
  },
  expired: {
    reported: always('free, cost lost'),
    counted: always('free, cost lost'),
    none: always('free, estimate lost'),
  },
};

const endings = Object.keys(TABLE) as Ending[];
const sources: readonly UsageSource[] = ['reported', 'counted', 'none'];
const rows = endings.flatMap((ending) => sources.map((usage) => [ending, usage] as const));

describe('who pays for a request', () => {
  it.each(rows)('that ended as %s with usage %s, whatever it looks like', (ending, usage) => {
    const actual: Record<string, SettlementRule> = {};
    for (const look of LOOKS) {
      const finish = (['proper', 'blank', 'error'] as const).find((quality) => look.endsWith(quality)) ?? 'proper';
      actual[look] = settlementRule({ ending, usage, hasOutput: look.startsWith('output'), finish });
    }
    const expected = Object.fromEntries(LOOKS.map((look) => [look, MEANINGS[TABLE[ending][usage][look]]]));
    expect(actual).toEqual(expected);
  });

  it('is never both the customer and the house, and a usage is always somebody’s', () => {
    for (const [ending, usage] of rows) {
      for (const hasOutput of [true, false]) {
        for (const finish of ['proper', 'blank', 'error'] as const) {
          const { bill, loss } = settlementRule({ ending, usage, hasOutput, finish });
          if (bill === 'all') expect(loss).toBe('nothing');
          if (usage !== 'none') expect([bill, loss]).not.toEqual(['nothing', 'nothing']);
          else expect(bill).toBe('nothing');
        }
      }
    }
  });
});
