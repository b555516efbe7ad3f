import type { Model } from '@tollgate/catalog';
import { config } from '../../config';
import { CodeBlock } from '../../ui/code-block';
import { KEY_PLACEHOLDER } from './key-placeholder';
import { QuickStart } from './quick-start';
import { operationSnippet } from './snippets';

/** How one model is asked: with any SDK where it converses, at its own door where it does something else. */
export function ModelExample({ id, operation }: Pick<Model, 'id' | 'operation'>) {
  const parts = { gatewayUrl: config().gatewayUrl, apiKey: KEY_PLACEHOLDER };
  if (operation !== 'chat') return <CodeBlock code={operationSnippet(parts, operation, id)} label="curl example" />;
  return <QuickStart {...parts} models={{ openai: id, anthropic: id, gemini: id }} modelsHref={null} />;
}
