import type { Model, ModelCapabilities } from '@tollgate/catalog';
import type { Fact } from '../../ui/facts';
import { fullCount } from '../../ui/format';

const CAPABILITIES: readonly { readonly name: keyof ModelCapabilities; readonly title: string }[] = [
  { name: 'vision', title: 'Image input' },
  { name: 'audioInput', title: 'Audio input' },
  { name: 'audioOutput', title: 'Audio output' },
  { name: 'imageOutput', title: 'Image output' },
  { name: 'tools', title: 'Tools' },
  { name: 'reasoning', title: 'Reasoning' },
  { name: 'structuredOutput', title: 'Structured output' },
  { name: 'promptCaching', title: 'Prompt caching' },
  { name: 'webSearch', title: 'Web search' },
];

/** What the model is known to do; what nobody has told us is left out rather than shown as a no. */
export function knownCapabilities(model: Model): string[] {
  return CAPABILITIES.filter(({ name }) => model.capabilities[name] === true).map(({ title }) => title);
}

export function modelFacts(model: Model): Fact[] {
  return [
    { title: 'Context', value: model.contextTokens === null ? 'Unknown' : `${fullCount(model.contextTokens)} tokens` },
    {
      title: 'Longest answer',
      value: model.maxOutputTokens === null ? 'Unknown' : `${fullCount(model.maxOutputTokens)} tokens`,
    },
    { title: 'Providers', value: fullCount(model.endpoints.length) },
    ...(model.aliases.length === 0 ? [] : [{ title: 'Also called', value: model.aliases.slice(0, 12).join(', ') }]),
  ];
}
