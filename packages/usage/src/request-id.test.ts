import { expect, it } from 'vitest';
import { decodeRequestIdSearch, isUuid, requestIdFloor } from './request-id.js';
import { uuidV7 } from './written-requests.fixture.js';

const ID = '019aa0c0-1234-7abc-8def-0123456789ab';

it('every id of a millisecond lies at or above its floor and below the next one', () => {
  const atMs = Date.UTC(2026, 10, 20, 12);
  for (let i = 0; i < 100; i++) {
    const id = uuidV7(atMs);
    expect(id >= requestIdFloor(atMs) && id < requestIdFloor(atMs + 1)).toBe(true);
  }
  expect(requestIdFloor(0)).toBe('00000000-0000-0000-0000-000000000000');
  expect(requestIdFloor(-5)).toBe('00000000-0000-0000-0000-000000000000');
});

it('a pasted id is found however it is written', () => {
  for (const text of [
    ID,
    ` ${ID.toUpperCase()} `,
    ID.replaceAll('-', ''),
    `gen-${ID}`,
    `chatcmpl-${ID.replaceAll('-', '')}`,
    `req_${ID}`,
  ]) {
    expect(decodeRequestIdSearch(text)).toEqual({ first: ID, last: ID });
  }
  expect(decodeRequestIdSearch('019aa0c0-12')).toEqual({
    first: '019aa0c0-1200-0000-0000-000000000000',
    last: '019aa0c0-12ff-ffff-ffff-ffffffffffff',
  });
});

it.each([
  '',
  '-',
  'hello',
  '%',
  "' OR 1=1 --",
  `${ID}0`,
  `${ID}\u0000`,
  '019z',
  'x'.repeat(100_000),
  ['019a'],
  null,
  7,
  { $ne: 1 },
])('%j finds nothing and breaks nothing', (text) => {
  expect(decodeRequestIdSearch(text as string)).toBeNull();
});

it('only a lower-case UUID is an id', () => {
  expect(isUuid(ID)).toBe(true);
  for (const value of [ID.toUpperCase(), `${ID}\n`, ` ${ID}`, '', null, [ID], 7]) expect(isUuid(value)).toBe(false);
});
