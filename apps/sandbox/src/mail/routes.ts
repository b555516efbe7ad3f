import type { FastifyPluginAsync } from 'fastify';
import { page, pagePolicy } from '../pages/html.js';
import { inboxList, inboxMail } from '../pages/inbox.js';
import type { Mailbox } from './mailbox.js';

/** What a mail's own HTML may do: look like itself and open links in a new tab. No scripts, no forms, no requests to this server. */
const mailPolicy =
  "default-src 'none'; img-src data: http: https:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox";

/** The inbox as pages and as JSON. */
export function mailRoutes(mailbox: Mailbox): FastifyPluginAsync {
  return async (app) => {
    app.get('/inbox', (_request, reply) => {
      void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8');
      return page('Inbox · Tollgate sandbox', inboxList(mailbox.list(null)), true);
    });
    app.get<{ Params: { id: string } }>('/inbox/:id', (request, reply) => {
      const mail = mailbox.find(request.params.id);
      void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8');
      if (mail === null) void reply.code(404);
      return page(mail === null ? 'No such mail' : `${mail.subject} · Tollgate sandbox`, inboxMail(mail), false);
    });
    app.get<{ Params: { id: string } }>('/inbox/:id/html', (request, reply) => {
      const mail = mailbox.find(request.params.id);
      if (mail?.html == null) return reply.code(404).type('text/plain').send('There is no HTML part.');
      void reply.header('content-security-policy', mailPolicy).type('text/html; charset=utf-8');
      return `<base target="_blank">${mail.html}`;
    });

    app.get<{ Querystring: { to?: string } }>('/inbox/api/messages', (request) =>
      mailbox.list(request.query.to ?? null),
    );
    app.get<{ Params: { id: string } }>('/inbox/api/messages/:id', (request, reply) => {
      const mail = mailbox.find(request.params.id);
      return (
        mail ?? reply.code(404).send({ error: { code: 'unknown_mail', message: 'There is no mail with this id.' } })
      );
    });
    app.delete('/inbox/api/messages', () => {
      mailbox.clear();
      return { ok: true };
    });
  };
}
