import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { idFloor, idTimeMs, isRecordId, mintId } from './record-id.js';

it('a minted id is a UUIDv7 whose first 48 bits are the millisecond', () => {
  const nowMs = Date.UTC(2026, 10, 20, 12, 34, 56, 789);
  const id = mintId(nowMs, randomBytes);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
  expect(mintId(nowMs, (n) => Buffer.alloc(n, 255)) < mintId(nowMs + 1, (n) => Buffer.alloc(n, 0))).toBe(true);
  expect(isRecordId(id)).toBe(true);
});

it.each([
  '',
  ' ',
  '../',
  '019AA0C0-0000-7000-8000-000000000000',
  ' 019aa0c0-0000-7000-8000-000000000000',
  '019aa0c0-0000-7000-8000-000000000000\u0000',
  '019aa0c0-0000-7000-8000-000000000000\n',
  '{019aa0c0-0000-7000-8000-000000000000}',
  '019aa0c0000070008000000000000000',
  42,
  null,
  undefined,
  ['019aa0c0-0000-7000-8000-000000000000'],
  { $ne: 1 },
])('%j is not an id', (value) => {
  expect(isRecordId(value)).toBe(false);
});

it('the time of an id is the millisecond it was minted in, and its floor is below every id of it', () => {
  for (const nowMs of [0, 1, Date.UTC(2026, 10, 20, 23, 59, 59, 999), 2 ** 48 - 1]) {
    const id = mintId(nowMs, (n) => Buffer.alloc(n, 0));
    expect(idTimeMs(id)).toBe(nowMs);
    expect(idTimeMs(idFloor(nowMs))).toBe(nowMs);
    expect(isRecordId(idFloor(nowMs))).toBe(true);
    expect(idFloor(nowMs) < id).toBe(true);
    if (nowMs > 0) expect(idFloor(nowMs) > mintId(nowMs - 1, (n) => Buffer.alloc(n, 255))).toBe(true);
  }
});
