import { displayUsd } from '@tollgate/amount';
import { KeyRound, ReceiptText, ShieldCheck } from 'lucide-react';
import Link from 'next/link';
import { connection } from 'next/server';
import { config } from '../../config';
import { ButtonLink } from '../../ui/button';
import { QuickStartExample } from '../quick-start/quick-start-example';
import { ExampleReceipt } from './example-receipt';
import { percentOfBasisPoints } from './percent';

const PROMISES = [
  {
    title: 'Your SDK, any model',
    text: 'Keep the OpenAI, Anthropic or Gemini SDK you have and change its base URL. Each of them reaches every model, whoever serves it. What a provider cannot be told is named on the request.',
    Icon: KeyRound,
  },
  {
    title: 'A receipt for every token',
    text: 'Each request shows which tokens it used, at which price, what the provider cost, what we added, and the sum. To the nano-dollar.',
    Icon: ReceiptText,
  },
  {
    title: 'Our failures are free',
    text: 'An error, an empty answer, a provider that dies midway: you pay nothing. A balance cannot be overspent, and a revoked key stops within a second.',
    Icon: ShieldCheck,
  },
];

export async function Landing() {
  await connection();
  const { markupBp, trialCreditNanousd } = config();
  return (
    <>
      <section className="mx-auto grid max-w-6xl items-center gap-10 px-4 pb-14 pt-14 sm:px-6 lg:grid-cols-[1fr_1.05fr] lg:pt-24">
        <div className="min-w-0">
          <h1 className="text-balance text-4xl font-semibold leading-[1.08] tracking-tight sm:text-5xl">
            Every language model behind one key
          </h1>
          <p className="mt-5 max-w-xl text-pretty text-base leading-relaxed text-muted">
            Tollgate is a managed gateway for large language models. Point the OpenAI, Anthropic or Gemini SDK you
            already use at it and ask any model. Pay as you go, and see what every single request cost and why.
          </p>
          <div className="mt-7 flex flex-wrap items-center gap-3">
            <ButtonLink href="/sign-up" look="primary" size="large">
              Get a key
            </ButtonLink>
            <ButtonLink href="/pricing" size="large">
              See the prices
            </ButtonLink>
          </div>
          {trialCreditNanousd > 0n ? (
            <p className="mt-4 text-[13px] text-muted">
              {displayUsd(trialCreditNanousd)} of trial credit once your address is confirmed. No card needed.
            </p>
          ) : null}
        </div>
        <div className="min-w-0">
          <QuickStartExample modelsHref="/pricing" />
        </div>
      </section>

      <section aria-label="What we promise" className="mx-auto max-w-6xl px-4 sm:px-6">
        <ul className="grid gap-px overflow-hidden rounded-xl border border-line bg-line md:grid-cols-3">
          {PROMISES.map(({ title, text, Icon }) => (
            <li key={title} className="bg-surface p-6">
              <Icon className="size-5 text-accent" aria-hidden />
              <h2 className="mt-4 text-[15px] font-semibold">{title}</h2>
              <p className="mt-1.5 text-[13px] leading-relaxed text-muted">{text}</p>
            </li>
          ))}
        </ul>
      </section>

      <section
        aria-labelledby="pricing"
        className="mx-auto mt-20 grid max-w-6xl items-center gap-10 px-4 sm:px-6 lg:grid-cols-2"
      >
        <div className="min-w-0">
          <h2 id="pricing" className="text-2xl font-semibold tracking-tight">
            The provider&rsquo;s price, plus {percentOfBasisPoints(markupBp)}
          </h2>
          <div className="mt-4 grid max-w-xl gap-3 text-[15px] leading-relaxed text-muted">
            <p>
              You pay what the provider charges for the tokens of your request, and {percentOfBasisPoints(markupBp)} on
              top. That is the whole tariff: no seat price, no minimum, no monthly fee.
            </p>
            <p>
              Amounts are whole nano-dollars, rounded once per request. A model without a known price is refused, never
              guessed. Cached tokens are charged at the cache price.
            </p>
          </div>
          <p className="mt-5 text-[13px]">
            <Link href="/pricing" className="font-medium text-accent underline-offset-4 hover:underline">
              Every model and price
            </Link>
          </p>
        </div>
        <ExampleReceipt markupBp={markupBp} />
      </section>
    </>
  );
}
