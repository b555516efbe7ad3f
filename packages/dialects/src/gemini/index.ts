export { createProvider, provider, vertexProvider } from './provider.js';
