import { CodeBlock } from '../../ui/code-block';
import { Tabs } from '../../ui/tabs';
import { type SnippetParts, snippets } from './snippets';

export function SnippetTabs(parts: SnippetParts) {
  const tabs = snippets(parts).map(({ id, title, code }) => ({
    id,
    title,
    content: <CodeBlock code={code} label={`${title} example`} />,
  }));
  return <Tabs tabs={tabs} label="Language" />;
}
