export { betasOf } from './betas.js';
export { type ClaudeTraits, traitsOf } from './claude-traits.js';
export { createProvider, provider, vertexProvider } from './provider.js';
export { EventDecoder } from './stream-decoder.js';
export { decodeUsage, encodeUsage } from './usage.js';
export type { ClaudeHost } from './wire.js';
