'use client';

import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { CodeText } from '../../ui/code-block';
import { CopyButton } from '../../ui/copy-button';
import { SegmentedChoice } from '../../ui/segmented-choice';
import { Tabs } from '../../ui/tabs';
import { type Language, type Snippet, type SnippetModels, type SnippetParts, snippets } from './snippets';

const LANGUAGES: Readonly<Record<Language, string>> = { typescript: 'TypeScript', python: 'Python', shell: 'Shell' };

export interface QuickStartProps extends SnippetParts {
  readonly models: SnippetModels;
  /** where all models are listed; null: the page is about one model, and says nothing of others */
  readonly modelsHref: string | null;
}

/** A first request with the SDK one has. Whatever is chosen, nothing around it moves: all examples take the room of the longest. */
export function QuickStart({ models, modelsHref, ...parts }: QuickStartProps) {
  const [language, setLanguage] = useState<Language>('typescript');
  const tabs = snippets(parts, models).map((snippet) => ({
    id: snippet.id,
    title: snippet.title,
    content: <Example snippet={snippet} language={language} onLanguage={setLanguage} />,
  }));
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2.5">
      <Tabs tabs={tabs} label="SDK" />
      {modelsHref === null ? null : (
        <p className="text-[13px] text-muted">
          Any of these SDKs reaches any model: swap in another name from the{' '}
          <Link href={modelsHref} prefetch={false} className="text-text underline underline-offset-4">
            model list
          </Link>
          .
        </p>
      )}
    </div>
  );
}

interface ExampleProps {
  readonly snippet: Snippet;
  readonly language: Language;
  readonly onLanguage: (language: Language) => void;
}

function Example({ snippet: { title, codes }, language, onLanguage }: ExampleProps) {
  const shown = codes.find((code) => code.language === language) ?? codes[0];
  if (shown === undefined) return null;
  const label = `${title} example`;
  return (
    <div className="flex min-w-0 flex-col rounded-md border border-line bg-sunken">
      <div className="flex h-10 items-center justify-between border-b border-line pl-2 pr-1">
        <LanguageChoice codes={codes} chosen={shown.language} onLanguage={onLanguage} />
        <CopyButton key={shown.code} text={shown.code} label={`Copy ${label}`} />
      </div>
      <Stack>
        {codes.map((code) => (
          <CodeText
            key={code.language}
            code={code.code}
            label={label}
            className={code === shown ? 'col-start-1 row-start-1' : 'invisible col-start-1 row-start-1'}
          />
        ))}
      </Stack>
    </div>
  );
}

/** Everything in one cell of a grid, which is then as high as the highest. */
function Stack({ children }: { children: ReactNode }) {
  return <div className="grid flex-1 grid-cols-[minmax(0,1fr)]">{children}</div>;
}

interface LanguageChoiceProps {
  readonly codes: Snippet['codes'];
  readonly chosen: Language;
  readonly onLanguage: (language: Language) => void;
}

function LanguageChoice({ codes, chosen, onLanguage }: LanguageChoiceProps) {
  if (codes.length < 2) return <span className="px-2 text-xs font-medium text-muted">{LANGUAGES[chosen]}</span>;
  const choices = codes.map(({ language }) => ({ value: language, title: LANGUAGES[language] }));
  return <SegmentedChoice label="Language" choices={choices} chosen={chosen} onChoose={onLanguage} />;
}
