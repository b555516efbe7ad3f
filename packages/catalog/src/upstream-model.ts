import type { ProviderInfo } from './provider.js';
import type { Environment } from './provider-address.js';

/**
 * The id a provider is asked for, from the one the catalogue has: Bedrock's `regional.` stands for the geography of the region the gateway
 * calls, and some of its models are reached through such an inference profile only. Pure.
 */
export function upstreamModel(
  provider: Pick<ProviderInfo, 'id' | 'modelPrefix'>,
  providerModel: string,
  environment: Environment,
): string {
  if (provider.id === 'bedrock')
    return bedrockModel(providerModel, environment['AWS_REGION']?.trim() || DEFAULT_REGION);
  return `${provider.modelPrefix}${providerModel}`;
}

const DEFAULT_REGION = 'us-east-1';
/** Without on-demand throughput of their own: AWS answers 400 to the bare id. */
const PROFILE_ONLY = /^(?:meta\.llama(?:3-[123]|4)|deepseek\.r1|mistral\.pixtral|writer\.palmyra|amazon\.nova-premier)/;
/** From here on Japan and Australia have profiles of their own; before, all of Asia and the Pacific shared one. */
const SPLIT_PACIFIC = /claude-[a-z]+-(?:4-[5-9]|[5-9])|nova-2/;

function bedrockModel(providerModel: string, region: string): string {
  const bare = providerModel.replace(/^regional\./, '');
  const isProfile = bare !== providerModel || PROFILE_ONLY.test(bare);
  return isProfile ? `${geographyOf(region, SPLIT_PACIFIC.test(bare))}.${bare}` : bare;
}

function geographyOf(region: string, isPacificSplit: boolean): string {
  if (region.startsWith('us-gov-')) return 'us-gov';
  if (region.startsWith('eu-')) return 'eu';
  if (!region.startsWith('ap-')) return 'us';
  if (isPacificSplit && /^ap-northeast-[13]$/.test(region)) return 'jp';
  if (isPacificSplit && /^ap-southeast-[24]$/.test(region)) return 'au';
  return 'apac';
}
