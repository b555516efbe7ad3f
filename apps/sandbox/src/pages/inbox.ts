import type { Mail } from '../mail/mailbox.js';
import { type Html, html } from './html.js';

/** The list of mails, newest first. */
export function inboxList(mails: readonly Mail[]): Html {
  if (mails.length === 0) {
    return html`<h1>Inbox</h1><p class="card padded quiet">No mail yet. What the product sends while no real mail server is configured arrives here.</p>`;
  }
  return html`<h1>Inbox</h1>
<p class="quiet" aria-live="polite">${mails.length === 1 ? '1 mail' : `${mails.length} mails`}, newest first; times in UTC</p>
<ul class="mails card">${mails.map(
    (mail) =>
      html`<li><a href="/inbox/${mail.id}"><span>${mail.to.join(', ')}</span><span class="subject">${mail.subject || '(no subject)'}</span><span class="quiet">${mail.at.slice(11, 19)}</span></a></li>`,
  )}</ul>`;
}

/** One mail; its HTML part stands in a frame without scripts. */
export function inboxMail(mail: Mail | null): Html {
  if (mail === null)
    return html`<h1>No such mail</h1><p>It may have been deleted. <a href="/inbox">Back to the inbox</a></p>`;
  return html`<p><a href="/inbox">← All mail</a></p>
<h1>${mail.subject || '(no subject)'}</h1>
<dl><dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.to.join(', ')}</dd><dt>At</dt><dd>${mail.at}</dd></dl>
${mail.links.length === 0 ? null : html`<h2>Links</h2><ul class="links">${mail.links.map((link) => html`<li><a href="${link}" rel="noreferrer">${link}</a></li>`)}</ul>`}
${mail.html === null ? null : html`<h2>As it looks</h2><div class="card"><iframe title="The mail as it looks" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/inbox/${mail.id}/html"></iframe></div>`}
${mail.text === '' ? null : html`<h2>As text</h2><div class="card padded"><pre>${mail.text}</pre></div>`}`;
}
