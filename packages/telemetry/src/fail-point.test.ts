import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { FAIL_POINTS, failPoint } from './index.js';

it('a fail-point is heard by who listens, and by nobody else', () => {
  const heard: unknown[] = [];
  const listener = (name: unknown): void => void heard.push(name);
  failPoint('gateway.spooled');
  subscribe('tollgate:fail-point', listener);
  failPoint('gateway.settled');
  unsubscribe('tollgate:fail-point', listener);
  failPoint('gateway.answered');
  expect(heard).toEqual(['gateway.settled']);
});

it('every fail-point has a name of its own', () => {
  const names = Object.values(FAIL_POINTS).flat();
  expect(new Set(names).size).toBe(names.length);
});
