import PostalMime from 'postal-mime';

/** A mail that arrived. */
export interface Mail {
  readonly id: string;
  readonly to: readonly string[];
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  /** The HTML part as it came; null when there is none. Never to be shown outside a sandboxed frame. */
  readonly html: string | null;
  /** The web addresses in the mail, each once, in order. */
  readonly links: readonly string[];
  readonly at: string;
}

/** The mails that arrived, newest first; the newest 500 are kept. */
export interface Mailbox {
  /** Parses and keeps a raw message; `to` is what the envelope says. */
  receive(raw: Uint8Array, envelope: { readonly from: string; readonly to: readonly string[] }): Promise<Mail>;
  list(to: string | null): Mail[];
  find(id: string): Mail | null;
  clear(): void;
}

const mostMails = 500;

/** Makes an empty mailbox. */
export function createMailbox(newId: () => string, nowMs: () => number): Mailbox {
  let mails: Mail[] = [];
  return {
    async receive(raw, envelope) {
      const parsed = await PostalMime.parse(raw);
      const text = parsed.text ?? '';
      const html = parsed.html ?? null;
      const mail: Mail = {
        id: newId(),
        to: envelope.to,
        from: parsed.from?.address || envelope.from,
        subject: parsed.subject ?? '',
        text,
        html,
        links: linksIn(text, html ?? ''),
        at: new Date(nowMs()).toISOString(),
      };
      mails = [mail, ...mails].slice(0, mostMails);
      return mail;
    },
    list: (to) =>
      to === null
        ? [...mails]
        : mails.filter((mail) => mail.to.some((address) => address.toLowerCase() === to.toLowerCase())),
    find: (id) => mails.find((mail) => mail.id === id) ?? null,
    clear() {
      mails = [];
    },
  };
}

function linksIn(text: string, html: string): string[] {
  const inText = [...text.matchAll(/\bhttps?:\/\/[^\s<>"')\]]+/gi)].map(([link]) => link.replace(/[.,;:!?]+$/, ''));
  const inHtml = [...html.matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map((match) =>
    decodeEntities(match[1] ?? match[2] ?? ''),
  );
  return [...new Set([...inText, ...inHtml])].filter((link) => /^https?:\/\//i.test(link));
}

function decodeEntities(text: string): string {
  return text
    .replace(/&#x([\da-f]+);/gi, (_whole, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}
