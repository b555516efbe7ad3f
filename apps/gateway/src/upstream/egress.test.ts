import { describe, expect, it } from 'vitest';
import { isAllowedOrigin } from './egress.js';
import { ProviderDirectory } from './provider-directory.js';

const tokens = { token: async () => 'token' };

describe('egress', () => {
  it('connects to nothing but the providers that were configured and the sandbox', () => {
    const directory = new ProviderDirectory({ OPENAI_API_KEY: 'sk-test' }, 'http://127.0.0.1:4010', tokens);
    const origins = directory.origins();
    expect([...origins].sort()).toEqual(['http://127.0.0.1:4010', 'https://api.openai.com']);
    for (const origin of ['https://api.groq.com', 'http://169.254.169.254', 'https://api.openai.com.evil.example'])
      expect(isAllowedOrigin(origin, origins)).toBe(false);
  });

  it('connects to a local server only where an operator named it, and to no other plain http address', () => {
    const local = new ProviderDirectory({ OLLAMA_BASE_URL: 'http://127.0.0.1:11434' }, null, tokens);
    expect([...local.origins()]).toEqual(['http://127.0.0.1:11434']);
    const remote = new ProviderDirectory({ OLLAMA_BASE_URL: 'http://10.0.0.7:11434' }, null, tokens);
    expect([...remote.origins()]).toEqual([]);
  });
});
