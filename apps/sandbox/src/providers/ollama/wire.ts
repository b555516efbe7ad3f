import { z } from 'zod';

/*
 * The requests of https://github.com/ollama/ollama/blob/main/docs/api.md. Ollama reads JSON into Go structures: fields it does not know are
 * ignored, and a value of another type is refused in the words of Go's decoder.
 */

const toolCall = z.looseObject({
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string(), arguments: z.looseObject({}).nullish() }),
});

const message = z.looseObject({
  role: z.string(),
  content: z.string().nullish(),
  thinking: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
});

const tool = z.looseObject({
  type: z.string().nullish(),
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
  }),
});

const options = z.looseObject({
  num_predict: z.number().nullish(),
  num_ctx: z.number().nullish(),
  temperature: z.number().nullish(),
  top_k: z.number().nullish(),
  top_p: z.number().nullish(),
  seed: z.number().nullish(),
  stop: z.array(z.string()).nullish(),
});

export const chatRequest = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(message).nullish(),
  stream: z.boolean().nullish(),
  format: z.unknown().optional(),
  keep_alive: z.union([z.string(), z.number()]).nullish(),
  tools: z.array(tool).nullish(),
  options: options.nullish(),
  think: z.union([z.boolean(), z.string()]).nullish(),
});

export const embedRequest = z.looseObject({
  model: z.string().nullish(),
  input: z.unknown().optional(),
  truncate: z.boolean().nullish(),
  dimensions: z.number().nullish(),
  options: options.nullish(),
});

export type OllamaChat = z.infer<typeof chatRequest>;
export type OllamaMessage = z.infer<typeof message>;
