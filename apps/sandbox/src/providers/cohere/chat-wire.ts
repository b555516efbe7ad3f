import { z } from 'zod';

/* The request of https://docs.cohere.com/reference/chat. Cohere knows every field by name and refuses all others, so objects are strict. */

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() }),
});
const thinkingPart = z.strictObject({ type: z.literal('thinking'), thinking: z.string() });
const document = z.strictObject({ id: z.string().optional(), data: z.union([z.string(), z.looseObject({})]) });
const documentPart = z.strictObject({ type: z.literal('document'), document });

const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.union([z.string(), z.array(textPart)]) }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, imagePart]))]),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, thinkingPart]))]).nullish(),
    tool_plan: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
    citations: z.array(z.looseObject({})).nullish(),
  }),
  z.strictObject({
    role: z.literal('tool'),
    tool_call_id: z.string(),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, documentPart]))]),
  }),
]);

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
  }),
});

export const chatRequest = z.strictObject({
  model: z.string(),
  messages: z.array(message),
  stream: z.boolean().nullish(),
  tools: z.array(tool).nullish(),
  strict_tools: z.boolean().nullish(),
  tool_choice: z.enum(['REQUIRED', 'NONE']).nullish(),
  documents: z.array(z.union([z.string(), document])).nullish(),
  citation_options: z
    .strictObject({
      mode: z.enum(['FAST', 'ACCURATE', 'OFF', 'fast', 'accurate', 'off', 'ENABLED', 'DISABLED']).optional(),
    })
    .nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object'), json_schema: z.looseObject({}).nullish() }),
    ])
    .nullish(),
  safety_mode: z.enum(['CONTEXTUAL', 'STRICT', 'OFF', 'NONE']).nullish(),
  max_tokens: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).max(5).nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  seed: z.int().min(0).nullish(),
  frequency_penalty: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(0).max(1).nullish(),
  k: z.int().min(0).max(500).nullish(),
  p: z.number().min(0.01).max(0.99).nullish(),
  logprobs: z.boolean().nullish(),
  thinking: z.strictObject({ type: z.enum(['enabled', 'disabled']), token_budget: z.int().min(1).nullish() }).nullish(),
  priority: z.int().min(0).max(999).nullish(),
});

export type CohereChat = z.infer<typeof chatRequest>;
export type CohereMessage = CohereChat['messages'][number];
