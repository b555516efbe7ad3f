interface MailParts {
  readonly to: string;
  readonly subject: string;
  readonly greetingName: string;
  readonly paragraphs: readonly string[];
  readonly action: { readonly title: string; readonly url: string };
  readonly footnote: string;
}

interface ComposedMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Recipient {
  readonly email: string;
  readonly name: string;
}

/** The address is proven by following the link. */
export function verificationMail(recipient: Recipient, url: string): ComposedMail {
  return compose({
    to: recipient.email,
    subject: 'Confirm your address for Tollgate',
    greetingName: recipient.name,
    paragraphs: [
      'One step is left: confirm that this address is yours. Your first API key is waiting behind the link.',
    ],
    action: { title: 'Confirm address', url },
    footnote: 'The link is good for one hour. If you did not sign up for Tollgate, ignore this mail: nothing happens.',
  });
}

export function resetMail(recipient: Recipient, url: string): ComposedMail {
  return compose({
    to: recipient.email,
    subject: 'Set a new Tollgate password',
    greetingName: recipient.name,
    paragraphs: ['Somebody, we hope you, asked to set a new password. Doing so signs you out everywhere else.'],
    action: { title: 'Set a new password', url },
    footnote:
      'The link is good for 15 minutes and for one use. If you did not ask for it, ignore this mail: your password stays as it is.',
  });
}

/** Sent instead of an error on the page: the page must not tell a stranger who has an account. */
export function alreadySignedUpMail(recipient: Recipient, url: string): ComposedMail {
  return compose({
    to: recipient.email,
    subject: 'You already have a Tollgate account',
    greetingName: recipient.name,
    paragraphs: [
      'Somebody, we hope you, tried to sign up with this address, which already has an account. You can sign in, or set a new password if you no longer know it.',
    ],
    action: { title: 'Sign in', url },
    footnote: 'If this was not you, ignore this mail: nothing was changed.',
  });
}

function compose(parts: MailParts): ComposedMail {
  const greeting = parts.greetingName === '' ? 'Hello,' : `Hello ${parts.greetingName},`;
  const text = [
    greeting,
    ...parts.paragraphs,
    `${parts.action.title}:\n${parts.action.url}`,
    parts.footnote,
    'Tollgate',
  ].join('\n\n');
  const cell =
    'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.55;color:#18181b';
  const paragraphs = [greeting, ...parts.paragraphs]
    .map((line) => `<p style="margin:0 0 16px">${escapeHtml(line)}</p>`)
    .join('');
  const url = escapeHtml(parts.action.url);
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(parts.subject)}</title></head>
<body style="margin:0;background:#f4f4f5;padding:32px 16px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:520px;background:#ffffff;border:1px solid #e4e4e7;border-radius:12px"><tr><td style="padding:32px;${cell}">
<p style="margin:0 0 24px;font-weight:600">Tollgate</p>${paragraphs}
<p style="margin:24px 0"><a href="${url}" style="display:inline-block;background:#18181b;color:#ffffff;text-decoration:none;padding:11px 20px;border-radius:8px;font-weight:500">${escapeHtml(parts.action.title)}</a></p>
<p style="margin:0 0 16px;font-size:13px;color:#52525b">If the button does not work, open this address:<br><a href="${url}" style="color:#3451d1;word-break:break-all">${url}</a></p>
<p style="margin:24px 0 0;padding-top:16px;border-top:1px solid #e4e4e7;font-size:13px;color:#52525b">${escapeHtml(parts.footnote)}</p>
</td></tr></table></td></tr></table></body></html>`;
  return { to: parts.to, subject: parts.subject, text, html };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
