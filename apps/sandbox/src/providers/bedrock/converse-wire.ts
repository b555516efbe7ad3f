import { z } from 'zod';

/*
 * The Converse request as https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html documents it. Like AWS's own
 * framework it knows the members it needs and ignores others. A block is a union: exactly one of its members is set.
 */

const bytesSource = z.looseObject({
  bytes: z.base64().optional(),
  s3Location: z.looseObject({ uri: z.string() }).optional(),
});
const image = z.looseObject({ format: z.enum(['png', 'jpeg', 'gif', 'webp']), source: bytesSource });
/** The service takes `video/mp4` as well as the documented `mp4`. */
const video = z.looseObject({
  format: z.string(),
  source: bytesSource,
});
const document = z.looseObject({
  format: z.enum(['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md']).optional(),
  name: z.string().min(1).max(200),
  source: z.looseObject({
    bytes: z.base64().optional(),
    text: z.string().optional(),
    content: z.array(z.looseObject({ text: z.string() })).optional(),
    s3Location: z.looseObject({ uri: z.string() }).optional(),
  }),
});
const cachePoint = z.looseObject({ type: z.enum(['default']), ttl: z.enum(['5m', '1h']).optional() });
/** Tool ids may hold more than tool names: some models of the house call theirs `functions.add:0`. */
const toolUseId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-zA-Z0-9_.:-]+$/);
const identifier = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-zA-Z0-9_-]+$/);

const toolResult = z.looseObject({
  toolUseId,
  content: z.array(
    z.looseObject({
      text: z.string().optional(),
      json: z.unknown().optional(),
      image: image.optional(),
      document: document.optional(),
      video: video.optional(),
      searchResult: z.looseObject({}).optional(),
    }),
  ),
  status: z.enum(['success', 'error']).optional(),
  type: z.string().optional(),
});

const contentBlock = z.looseObject({
  text: z.string().optional(),
  image: image.optional(),
  document: document.optional(),
  video: video.optional(),
  audio: z.looseObject({}).optional(),
  toolUse: z.looseObject({ toolUseId, name: identifier, input: z.unknown(), type: z.string().optional() }).optional(),
  toolResult: toolResult.optional(),
  guardContent: z.looseObject({}).optional(),
  cachePoint: cachePoint.optional(),
  reasoningContent: z
    .looseObject({
      reasoningText: z.looseObject({ text: z.string(), signature: z.string().optional() }).optional(),
      redactedContent: z.base64().optional(),
    })
    .optional(),
  citationsContent: z.looseObject({}).optional(),
  searchResult: z.looseObject({}).optional(),
});

const tool = z.looseObject({
  toolSpec: z
    .looseObject({
      name: identifier,
      description: z.string().min(1).optional(),
      inputSchema: z.looseObject({ json: z.unknown() }),
      strict: z.boolean().optional(),
    })
    .optional(),
  systemTool: z.looseObject({ name: identifier }).optional(),
  cachePoint: cachePoint.optional(),
});

export const converseRequest = z.looseObject({
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']), content: z.array(contentBlock) })).optional(),
  system: z
    .array(
      z.looseObject({
        text: z.string().min(1).optional(),
        guardContent: z.looseObject({}).optional(),
        cachePoint: cachePoint.optional(),
      }),
    )
    .optional(),
  inferenceConfig: z
    .looseObject({
      maxTokens: z.int().min(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string().min(1)).max(2_500).optional(),
    })
    .optional(),
  toolConfig: z
    .looseObject({
      tools: z.array(tool).min(1),
      toolChoice: z
        .looseObject({
          auto: z.looseObject({}).optional(),
          any: z.looseObject({}).optional(),
          tool: z.looseObject({ name: identifier }).optional(),
        })
        .optional(),
    })
    .optional(),
  additionalModelRequestFields: z.unknown().optional(),
  additionalModelResponseFieldPaths: z.array(z.string().min(1).max(256)).max(10).optional(),
  guardrailConfig: z
    .looseObject({ guardrailIdentifier: z.string().optional(), guardrailVersion: z.string().optional() })
    .optional(),
  outputConfig: z
    .looseObject({
      textFormat: z
        .looseObject({
          type: z.enum(['json_schema']),
          structure: z.looseObject({
            jsonSchema: z.looseObject({
              schema: z.string(),
              name: z.string().optional(),
              description: z.string().optional(),
            }),
          }),
        })
        .optional(),
    })
    .optional(),
});

export type ConverseRequest = z.infer<typeof converseRequest>;
export type ConverseMessage = NonNullable<ConverseRequest['messages']>[number];
export type ConverseBlock = z.infer<typeof contentBlock>;
export type ConverseToolResult = z.infer<typeof toolResult>;

/** The members a content block may be. */
export const blockMembers = Object.keys(contentBlock.shape);
