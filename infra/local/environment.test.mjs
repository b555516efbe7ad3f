import { describe, expect, it } from 'vitest';
import { portsFromEnvironment, programEnvironment, providerKeys, sealedEnvironment, urlsOf } from './environment.mjs';

const outside = {
  OPENAI_API_KEY: 'sk-1',
  AWS_SECRET_ACCESS_KEY: 'x',
  GITHUB_TOKEN: 'x',
  SMTP_URL: 'smtp://mail',
  STRIPE_SECRET_KEY: 'x',
  DATABASE_URL: 'postgresql://production',
  REDIS_URL: 'redis://production',
  TOLLGATE_GATEWAY_PORT: '1',
};

describe('a test', () => {
  it('sees nothing of the caller that leads outside this machine', () => {
    const sealed = sealedEnvironment({ ...outside, PATH: '/bin', HOME: '/home' });
    expect(sealed).toEqual({ PATH: '/bin', HOME: '/home', TOLLGATE_AUTH_RATE_LIMIT: 'off' });
  });
});

describe('a program', () => {
  const ports = portsFromEnvironment({});
  const secrets = { keyPepper: 'p', receiptSeed: 'r', authSecret: 's' };
  const given = { ports, databaseUrl: 'postgresql://own', redisUrl: 'redis://own', secrets, stateFolder: '/state' };

  it("is given the caller's provider keys, and our own services whatever the caller's say", () => {
    const environment = programEnvironment({ own: outside, ...given });
    expect(environment).toMatchObject({
      OPENAI_API_KEY: 'sk-1',
      SMTP_URL: 'smtp://mail',
      DATABASE_URL: 'postgresql://own',
    });
    expect(environment.TOLLGATE_GATEWAY_PORT).toBe('4000');
  });

  it("signs receipts with the installation's own key unless the caller gives one", () => {
    const keyOf = (own) => programEnvironment({ own, ...given }).TOLLGATE_RECEIPT_KEY;
    expect([keyOf({}), keyOf({ TOLLGATE_RECEIPT_KEY: 'own' })]).toEqual(['r', 'own']);
  });

  it('is moved to another port by its variable, and a value that is no port is refused', () => {
    expect(urlsOf(portsFromEnvironment({ TOLLGATE_SANDBOX_PORT: '5010' })).inbox).toBe('http://127.0.0.1:5010/inbox');
    for (const bad of ['abc', '0', '70000', '4000.5', '-1']) {
      expect(() => portsFromEnvironment({ TOLLGATE_GATEWAY_PORT: bad })).toThrow('is not a port');
    }
  });
});

it('only provider keys that are set count as real providers', () => {
  expect(providerKeys({ OPENAI_API_KEY: 'sk', GROQ_API_KEY: '', PATH: '/bin' })).toEqual(['OPENAI_API_KEY']);
});
