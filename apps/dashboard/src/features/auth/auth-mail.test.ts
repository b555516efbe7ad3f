import { expect, it } from 'vitest';
import { resetMail, verificationMail } from './auth-mail';

const HOSTILE = '<img src=x onerror=alert(1)> & "friends"';

it('a name cannot become markup in a mail', () => {
  const { html, text } = verificationMail(
    { email: 'a@example.com', name: HOSTILE },
    'https://tollgate.example/?a=1&b=2',
  );
  expect(html).not.toContain('<img');
  expect(html).toContain('&#60;img');
  expect(html).toContain('https://tollgate.example/?a=1&#38;b=2');
  expect(text).toContain('https://tollgate.example/?a=1&b=2');
});

it('a mail says what happens to who did not ask for it', () => {
  const { text, to } = resetMail({ email: 'a@example.com', name: '' }, 'https://tollgate.example/reset');
  expect(to).toBe('a@example.com');
  expect(text).toMatch(/^Hello,/);
  expect(text).toContain('ignore this mail');
});
