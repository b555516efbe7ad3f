import { expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { bench } from './bench.js';

it('the benchmark answers every request, books every charge, and compares two programs under one load', async () => {
  const result = await bench(readRunFile(), { rounds: 2, roundMs: 400, connections: 16, warmUpRequests: 50 });
  expect(result.bare.refused + result.gateway.refused).toBe(0);
  expect(result.gateway.answered).toBeGreaterThan(50);
  expect(result.booked).toBeGreaterThanOrEqual(result.gateway.answered);
  expect(result.ratios).toHaveLength(2);
  for (const ratio of result.ratios) expect(ratio).toBeGreaterThan(0.5);
});
