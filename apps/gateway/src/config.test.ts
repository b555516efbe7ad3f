import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

const NEEDED = {
  DATABASE_URL: 'postgresql://localhost/x',
  REDIS_URL: 'redis://localhost',
  TOLLGATE_KEY_PEPPER: 'p'.repeat(32),
  TOLLGATE_SPOOL_DIR: '/tmp/spool',
  TOLLGATE_RECEIPT_KEY: Buffer.alloc(32, 5).toString('base64'),
};

describe('a gateway without a key to sign receipts with', () => {
  it('does not start, in production or anywhere else', () => {
    for (const mode of ['production', 'development'])
      expect(() => readConfig({ ...NEEDED, TOLLGATE_MODE: mode, TOLLGATE_RECEIPT_KEY: undefined })).toThrow(
        'TOLLGATE_RECEIPT_KEY',
      );
    expect(readConfig(NEEDED).receiptKeys.published).toHaveLength(1);
  });

  it('nor with one that is none, which the error does not repeat', () => {
    for (const bad of [{ TOLLGATE_RECEIPT_KEY: 'secret-word' }, { TOLLGATE_RECEIPT_OLD_KEYS: 'secret-word' }]) {
      let told = '';
      try {
        readConfig({ ...NEEDED, ...bad });
      } catch (error) {
        told = String(error);
      }
      expect(told).toMatch(/TOLLGATE_RECEIPT_/);
      expect(told).not.toContain('secret-word');
    }
  });
});
