import type { FastifyPluginAsync } from 'fastify';
import type { World } from '../attempt/serve.js';
import { withoutSecrets } from '../control/routes.js';
import type { TruthEntry } from '../control/truth.js';
import type { Mailbox } from '../mail/mailbox.js';
import { type Html, html, page, pagePolicy } from './html.js';

const shownAttempts = 50;

/** The front page (what this is, recent attempts, rules in force) and the health check. */
export function homeRoutes(world: World, mailbox: Mailbox): FastifyPluginAsync {
  return async (app) => {
    app.get('/health', () => ({ status: 'ok' }));
    app.get('/', (_request, reply) => {
      void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8');
      return page('Tollgate sandbox', home(world, mailbox), true);
    });
  };
}

function home(world: World, mailbox: Mailbox): Html {
  const settings = world.settings.current();
  const rules = world.rules.list().map(withoutSecrets);
  const attempts = world.truth.entries({}).slice(-shownAttempts).reverse();
  return html`<h1>The outside world, on one machine</h1>
<p>Pretend model providers and a mail server. The gateway uses them when no real provider key or mail server is configured. No real model is called here,
nothing leaves this machine, and every answer is counted in a log of its own.</p>
<p class="quiet">First token after ${settings.ttftMs} ms, then ${settings.paceMs} ms for each token. <a href="/inbox">${mailbox.list(null).length} mails in the inbox</a>.</p>
<h2>Recent attempts</h2>
${attempts.length === 0 ? html`<p class="card padded quiet">None yet. They appear here as soon as a request arrives.</p>` : attemptTable(attempts)}
<h2>Rules in force</h2>
${rules.length === 0 ? html`<p class="card padded quiet">None: every provider answers as it should.</p>` : html`<div class="card padded">${rules.map((rule) => html`<pre>${JSON.stringify(rule)}</pre>`)}</div>`}
<h2>Addresses</h2>
<p><code>/providers/&lt;provider&gt;/v1/chat/completions</code>, <code>/providers/&lt;provider&gt;/v1/models</code>, control under <code>/control</code>, mail as JSON under
<code>/inbox/api/messages</code>.</p>`;
}

function attemptTable(attempts: readonly TruthEntry[]): Html {
  return html`<div class="card wide" role="region" aria-label="Recent attempts" tabindex="0"><table>
<thead><tr><th scope="col">At (UTC)</th><th scope="col">Provider</th><th scope="col">Model</th><th scope="col">Status</th><th scope="col" class="number">Prompt</th><th scope="col" class="number">Completion</th><th scope="col" class="number">Written</th><th scope="col" class="number">ms</th><th scope="col">Ending</th></tr></thead>
<tbody>${attempts.map(attemptRow)}</tbody></table></div>`;
}

function attemptRow(entry: TruthEntry): Html {
  const looks = entry.ending === 'complete' && entry.status < 400 ? { html: 'good' } : { html: 'bad' };
  return html`<tr><td>${entry.at.slice(11, 19)}</td><td>${entry.provider}</td><td>${entry.model ?? '–'}${entry.stream ? ' (stream)' : ''}</td><td>${entry.status}</td><td class="number">${entry.promptTokens ?? '–'}</td><td class="number">${entry.completionTokens ?? '–'}</td><td class="number">${entry.tokensWritten}</td><td class="number">${entry.durationMs}</td><td class="${looks}">${entry.ending}</td></tr>`;
}
