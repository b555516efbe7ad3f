import 'server-only';
import type { MailPayload } from '@tollgate/jobs';
import { createTransport } from 'nodemailer';
import { config } from '../config';
import { log } from './log';
import { once } from './once';
import { enqueue } from './queue';

function transport() {
  return once('mail-transport', () =>
    createTransport({
      url: config().smtpUrl,
      // The sandbox's inbox speaks plain SMTP; a real server is asked for TLS.
      ...(config().isMailSandboxed ? { ignoreTLS: true } : {}),
      connectionTimeout: 5_000,
      socketTimeout: 10_000,
    }),
  );
}

/**
 * Sends a mail: through the worker, which tries again for half an hour, and straight over SMTP when the queue is away.
 * Never throws: whether a mail went out must not change what a page says.
 */
export async function sendMail(mail: MailPayload): Promise<void> {
  if (await enqueue('mail.send', mail)) return;
  try {
    await transport().sendMail({ from: config().mailFrom, ...mail });
  } catch (error) {
    log().error({ error, subject: mail.subject }, 'a mail could not be sent');
  }
}
