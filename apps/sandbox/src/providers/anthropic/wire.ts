import { z } from 'zod';

/*
 * The Messages request as https://platform.claude.com/docs/en/api/messages documents it. Objects are strict because the vendor's are: a
 * field it does not know is refused, with its place. Blocks of server tools are known by name only.
 */

const toolId = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const cacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).nullish();
const citations = z.unknown().optional();

const textBlock = z.strictObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: cacheControl,
  citations,
});

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;
const urlSource = z.strictObject({ type: z.literal('url'), url: z.string() });
const fileSource = z.strictObject({ type: z.literal('file'), file_id: z.string() });
const imageBlock = z.strictObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('base64'), media_type: z.enum(imageTypes), data: z.base64() }),
    urlSource,
    fileSource,
  ]),
  cache_control: cacheControl,
});

const documentBlock = z.strictObject({
  type: z.literal('document'),
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('base64'), media_type: z.literal('application/pdf'), data: z.base64() }),
    z.strictObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: z.string() }),
    z.strictObject({ type: z.literal('content'), content: z.unknown() }),
    urlSource,
    fileSource,
  ]),
  title: z.string().nullish(),
  context: z.string().nullish(),
  cache_control: cacheControl,
  citations,
});

const searchResultBlock = z.strictObject({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(textBlock),
  cache_control: cacheControl,
  citations,
});

const toolReferenceBlock = z.looseObject({ type: z.literal('tool_reference'), tool_name: z.string() });

const toolResultBlock = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: toolId,
  content: z
    .union([
      z.string(),
      z.array(
        z.discriminatedUnion('type', [textBlock, imageBlock, documentBlock, searchResultBlock, toolReferenceBlock]),
      ),
    ])
    .nullish(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControl,
});

const toolUseBlock = z.strictObject({
  type: z.literal('tool_use'),
  id: toolId,
  name: z.string().min(1).max(200),
  input: z.record(z.string(), z.unknown()),
  cache_control: cacheControl,
  caller: z.unknown().optional(),
});

const serverBlock = z.looseObject({
  type: z.enum([
    'server_tool_use',
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
    'advisor_tool_result',
    'mcp_tool_use',
    'mcp_tool_result',
    'container_upload',
    'compaction',
    'tool_addition',
    'tool_reference',
  ]),
  cache_control: cacheControl,
});

const contentBlock = z.discriminatedUnion('type', [
  textBlock,
  imageBlock,
  documentBlock,
  searchResultBlock,
  z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() }),
  toolUseBlock,
  toolResultBlock,
  serverBlock,
]);

const message = z.strictObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(contentBlock)]),
});

/** A tool of the caller's own. `type` may be absent. */
export const customTool = z.strictObject({
  type: z.literal('custom').nullish(),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().nullish(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  cache_control: cacheControl,
  strict: z.boolean().nullish(),
  defer_loading: z.boolean().nullish(),
  eager_input_streaming: z.boolean().nullish(),
  allowed_callers: z.array(z.string()).nullish(),
  input_examples: z.array(z.record(z.string(), z.unknown())).nullish(),
});

/** A tool the vendor runs; its other fields depend on the type. */
export const serverTool = z.looseObject({
  type: z
    .string()
    .regex(
      /^(?:(?:web_search|web_fetch|code_execution|computer|bash|text_editor|memory|advisor|tool_search_tool_(?:bm25|regex))_\d{8}|tool_search_tool_(?:bm25|regex)|mcp_toolset)$/,
    ),
  cache_control: cacheControl,
});

const parallelism = { disable_parallel_tool_use: z.boolean().optional() };
const toolChoice = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auto'), ...parallelism }),
  z.strictObject({ type: z.literal('any'), ...parallelism }),
  z.strictObject({ type: z.literal('tool'), name: z.string(), ...parallelism }),
  z.strictObject({ type: z.literal('none') }),
]);

const display = z.enum(['summarized', 'omitted']).nullish();
const thinking = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1_024), display }),
  z.strictObject({ type: z.literal('adaptive'), display }),
  z.strictObject({ type: z.literal('disabled') }),
]);

const outputFormat = z.strictObject({ type: z.literal('json_schema'), schema: z.looseObject({}) });

/** What `count_tokens` takes, and `messages` too. */
const countedFields = {
  model: z.string().min(1),
  messages: z.array(message),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(z.looseObject({ type: z.string().nullish() })).optional(),
  tool_choice: toolChoice.optional(),
  thinking: thinking.optional(),
  cache_control: cacheControl,
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: outputFormat.nullish(),
      task_budget: z.looseObject({ type: z.literal('tokens'), total: z.int() }).nullish(),
    })
    .optional(),
  output_format: outputFormat.nullish(),
  context_management: z.unknown().optional(),
  mcp_servers: z.array(z.looseObject({ name: z.string() })).optional(),
};

/** The body of `messages/count_tokens`. */
export const countRequest = z.strictObject(countedFields);

/** The body of `messages`. */
export const messagesRequest = z.strictObject({
  ...countedFields,
  max_tokens: z.int().min(1),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).nullish(),
  service_tier: z.enum(['auto', 'standard_only']).nullish(),
  container: z.unknown().optional(),
  inference_geo: z.string().nullish(),
  speed: z.enum(['standard', 'fast']).nullish(),
});

export type CountRequest = z.infer<typeof countRequest>;
export type MessagesRequest = z.infer<typeof messagesRequest>;
export type Message = MessagesRequest['messages'][number];
export type ContentBlock = Exclude<Message['content'], string>[number];
export type CustomTool = z.infer<typeof customTool>;

/** Fields that are only known to requests with an `anthropic-beta` header. */
export const betaFields: ReadonlySet<string> = new Set([
  'container',
  'context_management',
  'mcp_servers',
  'output_format',
  'speed',
]);

/** Content as blocks: a string is one text block. */
export function blocksOf(content: Message['content']): readonly ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** The tools of the caller's own; only valid requests have them in this shape. */
export function customToolsOf(tools: MessagesRequest['tools']): readonly CustomTool[] {
  return (tools ?? []).flatMap((tool) => {
    const parsed = customTool.safeParse(tool);
    return parsed.success ? [parsed.data] : [];
  });
}
