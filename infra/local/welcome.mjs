import { providerKeys } from './environment.mjs';

/** The request that is printed at the end of a start, and made by `--once`. */
export const firstRequest = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a toll gate?' }],
};

function curlLine({ urls, demoKey }) {
  const body = JSON.stringify(firstRequest);
  const headers = `-H 'authorization: Bearer ${demoKey}' -H 'content-type: application/json'`;
  return `curl -s ${urls.gateway}/v1/chat/completions ${headers} -d '${body}'`;
}

function upstreamLine(own) {
  const keys = providerKeys(own);
  if (keys.length === 0)
    return 'Upstream: the sandbox (no provider key is set: answers are invented, nothing is paid).';
  return `Upstream: real providers for ${keys.join(', ')}; the sandbox for all others.`;
}

/** What a person needs after a start, and nothing else. */
export function welcome({ run, own, elapsedMs }) {
  const mail = own.SMTP_URL ? 'goes out through SMTP_URL' : run.urls.inbox;
  return `
Tollgate is ready after ${(elapsedMs / 1000).toFixed(1)} s.

  Dashboard  ${run.urls.dashboard}
  Sign in    ${run.demo.email}  ${run.demo.password}
  Mail       ${mail}
  Demo key   ${run.demoKey}

${upstreamLine(own)} Try it:

${curlLine(run)}

Ctrl-C stops everything.
`;
}
