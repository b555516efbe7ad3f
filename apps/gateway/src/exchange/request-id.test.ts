import { describe, expect, it } from 'vitest';
import { mintRequestId } from './request-id.js';

describe('request ids', () => {
  it('are UUIDv7: the millisecond first, then version, variant and randomness', () => {
    const at = 1_795_000_000_123;
    const id = mintRequestId(at);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at);
  });

  it('never repeat, and sort by time', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => mintRequestId(1_795_000_000_000 + index));
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    const burst = Array.from({ length: 20_000 }, () => mintRequestId(1_795_000_000_000));
    expect(new Set(burst).size).toBe(burst.length);
  });
});
