import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Mailbox } from './mailbox.js';

/** A running mail server. */
export interface MailServer {
  readonly port: number;
  close(): Promise<void>;
}

const mostMailBytes = 20 * 1_048_576;

/** Starts an SMTP server that takes every mail from everybody, without TLS; a login is accepted whatever it is. */
export function startMailServer(
  mailbox: Mailbox,
  address: { readonly host: string; readonly port: number },
): Promise<MailServer> {
  const server = new SMTPServer({
    name: 'tollgate-sandbox',
    banner: 'Tollgate sandbox, delivers nowhere',
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: mostMailBytes,
    closeTimeout: 500,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anybody' }),
    onData: (stream, session, callback) => {
      receive(mailbox, stream, session).then(
        () => callback(),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  // A client that drops its connection is its own business; the next one is served.
  server.on('error', (error) => console.error(`sandbox: mail: ${error.message}`));
  return new Promise((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(address.port, address.host, () => {
      const bound = server.server.address();
      if (bound === null || typeof bound === 'string') throw new Error('the mail server does not listen on a port');
      resolve({ port: bound.port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

async function receive(mailbox: Mailbox, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  if (stream.sizeExceeded) throw Object.assign(new Error('The mail is too large'), { responseCode: 552 });
  const { mailFrom, rcptTo } = session.envelope;
  await mailbox.receive(Buffer.concat(chunks), {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map((recipient) => recipient.address),
  });
}
