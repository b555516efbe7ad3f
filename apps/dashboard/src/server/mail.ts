import 'server-only';
import { createTransport } from 'nodemailer';
import { config } from '../config';
import { log } from './log';
import { once } from './once';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

function transport() {
  return once('mail-transport', () =>
    createTransport({
      url: config().smtpUrl,
      // The sandbox's inbox speaks plain SMTP with a certificate nobody signed; a real server is asked for TLS.
      ...(config().isMailSandboxed ? { ignoreTLS: true } : {}),
      connectionTimeout: 5_000,
      socketTimeout: 10_000,
    }),
  );
}

/** Sends at once over SMTP. Never throws: whether a mail went out must not change what the page says. */
export async function sendMail(mail: Mail): Promise<void> {
  try {
    await transport().sendMail({ from: config().mailFrom, ...mail });
  } catch (error) {
    log().error({ error, subject: mail.subject }, 'a mail could not be sent');
  }
}
