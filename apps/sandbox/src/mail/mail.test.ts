import net from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox } from '../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('DELETE', '/inbox/api/messages');
});

/** Speaks SMTP line by line, waiting for each answer. */
async function deliver(to: string, message: string): Promise<void> {
  const socket = net.connect(sandbox.smtpPort, '127.0.0.1');
  const lines = [
    'EHLO test',
    'MAIL FROM:<noreply@tollgate.test>',
    `RCPT TO:<${to}>`,
    'DATA',
    `${message.replace(/\r?\n/g, '\r\n')}\r\n.`,
    'QUIT',
  ];
  let answer = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (!/^\d{3} .*\r\n$/m.test(answer)) return;
      if (/^[45]/.test(answer)) reject(new Error(answer));
      answer = '';
      const next = lines.shift();
      if (next !== undefined) socket.write(`${next}\r\n`);
    });
  });
}

const message = (subject: string) => `From: Tollgate <noreply@tollgate.test>
To: ada@example.com
Subject: ${subject}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe! Open https://tollgate.test/verify?token=3Dabc&next=3D/keys.
--b
Content-Type: text/html; charset=utf-8

<p onclick="steal()">Hello <a href="https://tollgate.test/verify?token=abc&amp;next=/keys">verify</a></p><script>steal()</script>
--b--
`;

interface Listed {
  readonly id: string;
  readonly subject: string;
  readonly to: readonly string[];
  readonly from: string;
  readonly text: string;
  readonly links: readonly string[];
}
const list = async (query = ''): Promise<Listed[]> =>
  JSON.parse((await sandbox.send('GET', `/inbox/api/messages${query}`)).text);

test('mail arrives decoded, newest first, with its links once each', async () => {
  await deliver('ada@example.com', message('First'));
  await deliver('bob@example.com', message('=?utf-8?q?Zweite_=C3=9Cberschrift?='));
  const all = await list();
  expect(all.map((mail) => mail.subject)).toEqual(['Zweite Überschrift', 'First']);
  expect(all[1]).toMatchObject({
    to: ['ada@example.com'],
    from: 'noreply@tollgate.test',
    links: ['https://tollgate.test/verify?token=abc&next=/keys'],
  });
  expect(all[1]?.text).toContain('Grüße!');
  expect((await list('?to=ADA@example.com')).map((mail) => mail.subject)).toEqual(['First']);
  expect(JSON.parse((await sandbox.send('GET', `/inbox/api/messages/${all[0]?.id}`)).text).subject).toBe(
    'Zweite Überschrift',
  );
  expect((await sandbox.send('GET', '/inbox/api/messages/none')).status).toBe(404);
});

test('the inbox pages escape everything, and HTML mail cannot run', async () => {
  await deliver('ada@example.com', message('<img src=x onerror=alert(1)>'));
  const [mail] = await list();
  const listPage = await sandbox.send('GET', '/inbox');
  expect(listPage.text).toContain('&lt;img src=x onerror=alert(1)&gt;');
  const mailPage = await sandbox.send('GET', `/inbox/${mail?.id}`);
  expect(mailPage.text).not.toMatch(/<img src=x|<script>steal|onclick="steal/);
  expect(mailPage.text).toMatch(/<iframe[^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
  expect(mailPage.text).toContain('href="https://tollgate.test/verify?token=abc&amp;next=/keys"');
  const html = await sandbox.send('GET', `/inbox/${mail?.id}/html`);
  expect(html.headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox(?!.*allow-scripts)/);
  expect((await sandbox.send('GET', '/inbox/none')).status).toBe(404);
});

test('an empty inbox says so, and deleting empties it', async () => {
  await deliver('ada@example.com', message('Gone'));
  await sandbox.send('DELETE', '/inbox/api/messages');
  expect(await list()).toEqual([]);
  expect((await sandbox.send('GET', '/inbox')).text).toContain('No mail yet');
});
