import { createHash } from 'node:crypto';

/** HTML that is safe to put into a page as it is. */
export interface Html {
  readonly html: string;
}

type Insert = Html | string | number | null | readonly Html[];

/** A template whose inserted texts are escaped; inserted `Html` is not. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  return {
    html: parts.map((part, index) => part + (index < inserts.length ? rendered(inserts[index] ?? null) : '')).join(''),
  };
}

function rendered(insert: Insert): string {
  if (insert === null) return '';
  if (typeof insert === 'string' || typeof insert === 'number') return escapeText(String(insert));
  return 'html' in insert ? insert.html : insert.map((item) => item.html).join('');
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML shows it, also inside a quoted attribute. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}

const style = `
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#16181d;--quiet:#5b6270;--line:#dfe3e8;--accent:#1f5fd6;--good:#1a7f4b;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#111418;--card:#1a1e24;--ink:#e8eaed;--quiet:#a0a8b5;--line:#2d333c;--accent:#8ab4ff;--good:#6fd39d;--bad:#ff9a91}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
header,main{max-width:64rem;margin:0 auto;padding:1rem}header{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap;padding-bottom:0}
header strong{font-size:1.1rem}h1{font-size:1.35rem;margin:.4rem 0 .8rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .6rem}
a{color:var(--accent)}a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}.quiet{color:var(--quiet)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}.padded{padding:1rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem}th,td{text-align:left;padding:.45rem .7rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--quiet);font-weight:600}tr:last-child td{border-bottom:0}.number{text-align:right;font-variant-numeric:tabular-nums}
.good{color:var(--good)}.bad{color:var(--bad)}code,pre{font:13px/1.5 ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
ul.mails{list-style:none;margin:0;padding:0}ul.mails li{border-bottom:1px solid var(--line)}ul.mails li:last-child{border-bottom:0}
ul.mails a{display:grid;grid-template-columns:minmax(0,14rem) minmax(0,1fr) auto;gap:.25rem 1rem;padding:.7rem 1rem;color:inherit;text-decoration:none}
ul.mails a:hover{background:color-mix(in srgb,var(--accent) 8%,transparent)}ul.mails span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.2rem 1rem;margin:0 0 1rem}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
iframe{width:100%;height:28rem;max-height:80vh;resize:vertical;border:0;background:#fff;display:block}ul.links{padding-left:1.2rem;overflow-wrap:anywhere}
@media (max-width:40rem){ul.mails a{grid-template-columns:minmax(0,1fr) auto}ul.mails .subject{grid-column:1/-1;order:3}}
`;

/** Fetches the page again every three seconds and swaps what changed, so that focus and scroll stay where they are. */
const refreshScript = `
let last=document.querySelector('main').innerHTML;
setInterval(async()=>{try{const page=new DOMParser().parseFromString(await(await fetch(location.href)).text(),'text/html');
const next=page.querySelector('main').innerHTML;if(next===last||document.querySelector('main').contains(document.activeElement))return;
last=next;document.querySelector('main').innerHTML=next}catch{}},3000)`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The content security policy of the pages below: their own style and script, mail frames of this server, nothing else. */
export const pagePolicy =
  `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(refreshScript)}; connect-src 'self'; frame-src 'self'; ` +
  `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A whole page. */
export function page(title: string, body: Html, refreshes: boolean): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${{ html: style }}</style></head>
<body>
<header><strong>Tollgate sandbox</strong><nav><a href="/">Attempts</a> · <a href="/inbox">Inbox</a></nav></header>
<main>${body}</main>
${refreshes ? { html: `<script>${refreshScript}</script>` } : null}
</body>
</html>
`.html;
}
