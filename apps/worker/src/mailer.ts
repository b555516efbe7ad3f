import type { MailPayload } from '@tollgate/jobs';
import { createTransport } from 'nodemailer';

/** Sends letters. Rejects when the server did not take one; the message says why and never what was in it. */
export interface Mailer {
  send(letter: MailPayload): Promise<{ readonly messageId: string }>;
  close(): void;
}

/** Longer than a healthy mail server needs, short enough that a hung one does not hold a job. */
const TIMEOUT_MS = 15_000;

/** A mailer over SMTP: the real server's URL or the sandbox's. The connection is opened with the first letter. */
export function createMailer({ smtpUrl, from }: { smtpUrl: string; from: string }): Mailer {
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 2,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What a letter says comes from us, but an address is a stranger's: no file and no URL is ever read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, html }) {
      const sent = await transport.sendMail({ from, to: { name: '', address: to }, subject, text, html });
      return { messageId: sent.messageId };
    },
    close: () => transport.close(),
  };
}
