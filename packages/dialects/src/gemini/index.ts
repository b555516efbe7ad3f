export { client } from './client.js';
export {
  decodeCountTokens,
  decodeCountTokensReply,
  encodeCountTokens,
  encodeCountTokensReply,
} from './count-tokens.js';
export {
  type DecodedEmbeddings,
  decodeEmbeddings,
  decodeEmbeddingsRequest,
  type EncodedEmbeddings,
  embeddingsReply,
  encodeEmbeddings,
  encodeEmbeddingsReply,
} from './embeddings.js';
export { createPass } from './pass.js';
export { createProvider, provider, vertexProvider } from './provider.js';
export type { Flavour } from './request-encode.js';
export { createWireGrammar } from './wire-grammar.js';
