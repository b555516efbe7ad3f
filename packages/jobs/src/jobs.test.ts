import { describe, expect, it } from 'vitest';
import { decodePayload, JOB_PAYLOADS, JOBS, type JobName, jobOptions, retryDelayMs, SCHEDULES } from './index.js';

const names = Object.keys(JOB_PAYLOADS) as JobName[];

describe('jobs', () => {
  it('every job has a row in the table, and every schedule names a job that takes an empty payload', () => {
    expect(Object.keys(JOBS).sort()).toEqual([...names].sort());
    for (const { job } of SCHEDULES) expect(decodePayload(job, {}).ok).toBe(true);
  });

  it('a job that is added tries again and leaves a failure to be seen', () => {
    for (const name of names) {
      const options = jobOptions(name);
      expect(options.attempts).toBe(JOBS[name].attempts);
      expect(options.removeOnFail.count).toBeGreaterThan(0);
    }
    expect(jobOptions('mail.send').removeOnComplete).toEqual({ count: 0 });
    expect(jobOptions('mail.send').attempts).toBeGreaterThan(5);
  });

  it('waits double up to the longest and are spread over their last fifth', () => {
    expect([1, 2, 3, 20].map((attempt) => retryDelayMs('mail.send', attempt, 1))).toEqual([
      2_000, 4_000, 8_000, 300_000,
    ]);
    expect(retryDelayMs('mail.send', 1, 0)).toBe(1_600);
    expect(retryDelayMs('auth.announce', 600, 1)).toBe(1_000);
  });

  it('a letter that could smuggle a header or a second receiver is refused, and its text is not in the reason', () => {
    const letter = { to: 'a@b.example', subject: 'Hi', text: 'secret', html: '<p>secret</p>' };
    expect(decodePayload('mail.send', letter).ok).toBe(true);
    for (const bad of [
      { ...letter, subject: 'Hi\r\nBcc: all@b.example' },
      { ...letter, to: 'a@b.example, c@d.example' },
      { ...letter, to: 'A <a@b.example>' },
      { ...letter, text: undefined },
    ]) {
      const decoded = decodePayload('mail.send', bad);
      expect(decoded.ok).toBe(false);
      expect(JSON.stringify(decoded)).not.toContain('secret');
    }
  });

  it('a change of keys carries an integer version and a real organisation', () => {
    const change = { organizationId: '01900000-0000-7000-8000-000000000001', authVersion: '7' };
    expect(decodePayload('auth.announce', change)).toEqual({ ok: true, payload: { ...change, armed: [] } });
    expect(decodePayload('auth.announce', { ...change, authVersion: '7.5' }).ok).toBe(false);
    expect(decodePayload('auth.announce', { ...change, organizationId: 'x' }).ok).toBe(false);
  });
});
