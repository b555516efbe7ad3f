export * from './failure.js';
export type { Finish } from './finish.js';
export * from './usage.js';
export * as openaiChat from './openai-chat/index.js';
