import type { Metadata } from 'next';
import { TERMS_VERSION } from '../../../features/auth/terms';

export const metadata: Metadata = { title: 'Terms' };

const SECTIONS = [
  {
    title: 'What you get',
    text: 'Access to language models of several providers through one key. The operator of this installation runs it; the models are run by their providers, whose usage policies apply to what you send them.',
  },
  {
    title: 'What you pay',
    text: 'The provider’s price for the tokens of a request plus the markup shown on the price page, taken from your credit when the request ends. Requests that fail through our fault are not charged. Trial credit is spent first, expires, and is not paid out.',
  },
  {
    title: 'What is stored',
    text: 'Times, token counts, prices, model names and the metadata you send with a request, for 90 days; amounts for as long as bookkeeping law asks. The text of prompts and answers is not stored.',
  },
  {
    title: 'What you must not do',
    text: 'Break the law, harm others, or get around limits. Keys are yours to keep secret: what is done with a key is charged to you until you revoke it, which takes effect within a second.',
  },
  {
    title: 'How it ends',
    text: 'You may stop at any time. The operator may suspend an organisation that breaks these terms; running answers finish, new ones are refused.',
  },
];

export default function TermsPage() {
  return (
    <article className="mx-auto max-w-2xl px-4 pt-12 sm:px-6">
      <h1 className="text-3xl font-semibold tracking-tight">Terms</h1>
      <p className="mt-2 text-[13px] text-muted">
        Version {TERMS_VERSION}. These are the short terms a self-hosted installation starts with. Whoever operates one
        for others puts their own name, address and law here.
      </p>
      {SECTIONS.map(({ title, text }) => (
        <section key={title} className="mt-8">
          <h2 className="text-base font-semibold">{title}</h2>
          <p className="mt-1.5 text-[15px] leading-relaxed text-muted">{text}</p>
        </section>
      ))}
    </article>
  );
}
