import { expect, it } from 'vitest';
import { trialReference } from './trial-reference';

it('all spellings of a mailbox are one trial', () => {
  expect(trialReference('Ada+One@Example.com')).toBe('ada@example.com');
  expect(trialReference(' ada@example.com ')).toBe('ada@example.com');
  expect(trialReference('ADA@EXAMPLE.COM')).toBe('ada@example.com');
});

it('different mailboxes stay different trials', () => {
  expect(trialReference('a.da@example.com')).not.toBe(trialReference('ada@example.com'));
  expect(trialReference('+ada@example.com')).toBe('+ada@example.com');
  expect(trialReference('ada@sub+x.example.com')).toBe('ada@sub+x.example.com');
});
