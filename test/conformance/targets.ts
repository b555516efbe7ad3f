/** An endpoint of the catalogue, the first one of its model, and the dialect its provider speaks. */
export interface Target {
  readonly dialect: string;
  readonly model: string;
  /** Where the model itself cannot be held to a schema. */
  readonly schemaModel?: string;
}

/** One endpoint for every dialect that conversations can be carried out in. */
export const targets: readonly Target[] = [
  { dialect: 'openai-chat', model: 'openai:gpt-4o-mini' },
  { dialect: 'openai-responses', model: 'openai:gpt-5.1-codex' },
  { dialect: 'anthropic-messages', model: 'anthropic:claude-sonnet-4-5' },
  { dialect: 'gemini', model: 'google:gemini-2.5-flash' },
  {
    dialect: 'bedrock-converse',
    model: 'bedrock:amazon.nova-pro-v1:0',
    schemaModel: 'bedrock:qwen.qwen3-coder-30b-a3b-v1:0',
  },
  { dialect: 'mistral-chat', model: 'mistral:mistral-small-latest' },
  { dialect: 'cohere', model: 'cohere:command-a' },
];

/** What the provider calls the model: everything behind its own name. */
export const providerModelOf = (model: string): string => model.slice(model.indexOf(':') + 1);

/** Who serves an endpoint. */
export const providerOf = (model: string): string => model.slice(0, model.indexOf(':'));
