import { expect, it } from 'vitest';
import { ACTIONS, can, decodeRole, ROLES } from './roles.js';

/** The whole table once more, written by hand: o owner, a admin, d developer, b billing, v viewer. */
const EXPECTED: Record<(typeof ACTIONS)[number], string> = {
  'usage.read': 'oadbv',
  'request.read': 'oadv',
  'key.read': 'oadbv',
  'key.write': 'oad',
  'management_key.write': 'oa',
  'project.write': 'oad',
  'retention.write': 'oa',
  'credit.read': 'oadb',
  'credit.write': 'oab',
  'member.read': 'oadbv',
  'member.write': 'oa',
  'owner.write': 'o',
  'organization.write': 'oa',
  'terms.accept': 'o',
};

it('every role may do exactly what the table says', () => {
  for (const action of ACTIONS) {
    const allowed = ROLES.filter((role) => can(role, action))
      .map((role) => role.charAt(0))
      .join('');
    expect({ action, allowed }).toEqual({ action, allowed: EXPECTED[action] });
  }
});

it('an unknown role or action may nothing', () => {
  expect(decodeRole('root')).toBeNull();
  expect(decodeRole('owner')).toBe('owner');
  expect(can('root' as 'owner', 'usage.read')).toBe(false);
  expect(can('owner', 'constructor' as 'usage.read')).toBe(false);
});
