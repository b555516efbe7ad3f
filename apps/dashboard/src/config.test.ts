import { expect, it, vi } from 'vitest';

vi.mock('server-only', () => ({}));
const { decodeConfig } = await import('./config');

const NEEDED = {
  DATABASE_URL: 'postgresql://u:secret@127.0.0.1/db',
  REDIS_URL: 'redis://127.0.0.1',
  TOLLGATE_KEY_PEPPER: 'p'.repeat(32),
  BETTER_AUTH_SECRET: 's'.repeat(32),
};

it('says which variables are missing, and never what stands in them', () => {
  expect(() => decodeConfig({ ...NEEDED, REDIS_URL: undefined, TOLLGATE_KEY_PEPPER: 'short' })).toThrow(
    /REDIS_URL.*TOLLGATE_KEY_PEPPER/,
  );
  expect(() => decodeConfig({ ...NEEDED, REDIS_URL: '' })).not.toThrow(/secret/);
  expect(() => decodeConfig({ ...NEEDED, TOLLGATE_TRIAL_CREDIT_USD: '-1' })).toThrow(/TOLLGATE_TRIAL_CREDIT_USD/);
});

it('answers come from the sandbox until a provider key is set', () => {
  expect(decodeConfig(NEEDED).isProviderSandboxed).toBe(true);
  expect(decodeConfig({ ...NEEDED, OPENAI_API_KEY: '' }).isProviderSandboxed).toBe(true);
  expect(decodeConfig({ ...NEEDED, OPENAI_API_KEY: 'sk-x' }).isProviderSandboxed).toBe(false);
});

it('amounts of the environment are exact', () => {
  expect(decodeConfig(NEEDED).trialCreditNanousd).toBe(1_000_000_000n);
  expect(decodeConfig({ ...NEEDED, TOLLGATE_TRIAL_CREDIT_USD: '0.000000001' }).trialCreditNanousd).toBe(1n);
  expect(decodeConfig({ ...NEEDED, TOLLGATE_TRIAL_CREDIT_USD: '0' }).trialCreditNanousd).toBe(0n);
});
