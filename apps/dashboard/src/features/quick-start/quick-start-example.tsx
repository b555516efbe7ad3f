import { config } from '../../config';
import { catalog } from '../../server/catalog';
import { exampleModels } from './example-models';
import { KEY_PLACEHOLDER } from './key-placeholder';
import { QuickStart } from './quick-start';

/** What a first request looks like, for whoever's key is not at hand. */
export async function QuickStartExample({ modelsHref }: { modelsHref: string }) {
  const models = exampleModels((await catalog()).models);
  return (
    <QuickStart gatewayUrl={config().gatewayUrl} apiKey={KEY_PLACEHOLDER} models={models} modelsHref={modelsHref} />
  );
}
