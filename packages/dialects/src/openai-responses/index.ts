export { client } from './client.js';
export { provider } from './provider.js';
export { type StorageFacts, withStorage } from './request.js';
export { responseId } from './response-object.js';
export {
  encodeStored,
  type FoundState,
  resume,
  type StorageWish,
  storageWish,
  storedTurn,
} from './stored-state.js';
export { createWireCheck } from './wire-grammar.js';
