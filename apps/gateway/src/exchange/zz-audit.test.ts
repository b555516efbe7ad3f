import { type LaneTarget, openRequest, quirksOf } from '@tollgate/dialects';
import { it } from 'vitest';

const HOSTS: Record<string, string> = { 'google-vertex': 'vertex', azure: 'azure' };
const target = (dialect: string, provider: string, outputMax: number | null = null): LaneTarget =>
  ({
    dialect,
    host: HOSTS[provider] ?? 'direct',
    model: 'MODEL',
    publicModel: 'x/m',
    provider,
    providerName: provider,
    quirks: quirksOf(provider),
    outputMax,
    safetyIdentifier: 'org-x',
    requestId: 'r',
    created: 1,
  }) as LaneTarget;

const TARGETS: [string, string][] = [
  ['openai-chat', 'openai'],
  ['openai-responses', 'openai'],
  ['anthropic-messages', 'anthropic'],
  ['gemini', 'google'],
  ['gemini', 'google-vertex'],
  ['bedrock-converse', 'bedrock'],
];
function probe(name: string, dialect: any, body: any, only?: string[]) {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  let opened;
  try {
    opened = openRequest(dialect, Buffer.from(raw), {
      model: dialect === 'gemini' ? 'm' : null,
      isStream: false,
    } as any);
  } catch (e) {
    console.log(name, 'THROWS', String(e));
    return;
  }
  if (!opened.ok) {
    console.log(name, '=> REFUSED', opened.failure.code, opened.failure.message.slice(0, 90));
    return;
  }
  const e = opened.value.envelope;
  console.log(
    name,
    '=> features',
    JSON.stringify(e.pricedFeatures),
    'out',
    e.outputMax,
    'n',
    e.choices,
    'bound',
    e.inputTokensBound,
  );
  for (const [d, p] of TARGETS) {
    if (only && !only.includes(p + ':' + d)) continue;
    try {
      const lane = opened.value.lane(target(d, p));
      console.log(
        '    ',
        p,
        d,
        lane.ok
          ? lane.value.kind +
              ' ' +
              lane.value.body.toString().slice(0, 600) +
              ' H=' +
              JSON.stringify(lane.value.headers) +
              ' L=' +
              JSON.stringify(lane.value.losses.map((l: any) => l.field))
          : 'REFUSED ' + lane.failure.code + ' ' + lane.failure.message.slice(0, 80),
      );
    } catch (err) {
      console.log('    ', p, d, 'THROWS', String(err).slice(0, 200));
    }
  }
}
const M = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] };
const A = ['anthropic:anthropic-messages'];
const O = ['openai:openai-responses'];
const G = ['google:gemini', 'google-vertex:gemini'];
const C = ['openai:openai-chat'];
it('probe', () => {
  probe('anth speed fast', 'anthropic-messages', { ...M, speed: 'fast' }, A);
  probe('anth inference_geo', 'anthropic-messages', { ...M, inference_geo: 'us' }, A);
  probe(
    'anth container skills',
    'anthropic-messages',
    { ...M, container: { skills: [{ type: 'anthropic', skill_id: 'pptx' }] } },
    A,
  );
  probe(
    'anth container skills custom',
    'anthropic-messages',
    { ...M, container: { skills: [{ type: 'custom', skill_id: 'sk_1' }] } },
    A,
  );
  probe(
    'anth mcp',
    'anthropic-messages',
    { ...M, mcp_servers: [{ type: 'url', url: 'http://169.254.169.254', name: 'x', authorization_token: 't' }] },
    A,
  );
  probe(
    'anth cc scope',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral', ttl: '1h', scope: 'global' } }],
        },
      ],
    },
    A,
  );
  probe(
    'anth cc tool server',
    'anthropic-messages',
    { ...M, tools: [{ type: 'bash_20250124', name: 'bash', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    A,
  );
  probe(
    'anth nested file in tool_result',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'a',
              content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }],
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth nested file in document content',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              source: { type: 'content', content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }] },
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth nested in mcp_tool_result',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'mcp_tool_result',
              tool_use_id: 'a',
              content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }],
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth web_fetch result file',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'web_fetch_tool_result',
              tool_use_id: 'a',
              content: {
                type: 'web_fetch_result',
                url: 'x',
                content: { type: 'document', source: { type: 'file', file_id: 'file_1' } },
              },
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth ce output file',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'code_execution_tool_result',
              tool_use_id: 'a',
              content: {
                type: 'code_execution_result',
                content: [{ type: 'code_execution_output', file_id: 'file_1' }],
              },
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth container_upload in tool result',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'container_upload', file_id: 'f' }] }],
        },
      ],
    },
    A,
  );
  probe(
    'anth system file',
    'anthropic-messages',
    { ...M, system: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] },
    A,
  );
  probe(
    'anth search_result file',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'search_result',
              source: 'x',
              title: 't',
              content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }],
            },
          ],
        },
      ],
    },
    A,
  );
  probe(
    'anth doc context big',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              context: 'x'.repeat(50000),
              source: { type: 'text', media_type: 'text/plain', data: 'hi' },
            },
          ],
        },
      ],
    },
    ['none'],
  );
  probe(
    'anth tool extras',
    'anthropic-messages',
    { ...M, messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', weird: 'x'.repeat(50000) }] }] },
    ['none'],
  );
  probe('anth web search', 'anthropic-messages', {
    ...M,
    tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 50 }],
  });
  probe('anth code exec', 'anthropic-messages', { ...M, tools: [{ type: 'code_execution_20250825', name: 'ce' }] }, A);
  probe(
    'anth codeexec odd',
    'anthropic-messages',
    { ...M, tools: [{ type: 'CODE_EXECUTION_20250825', name: 'ce' }] },
    A,
  );
  probe(
    'anth web_search_2026 dyn',
    'anthropic-messages',
    { ...M, tools: [{ type: 'web_search_20260209', name: 'web_search' }] },
    A,
  );
  probe('anth max_tokens none', 'anthropic-messages', { model: 'm', messages: M.messages }, A);
  probe('anth thinking>max', 'anthropic-messages', { ...M, thinking: { type: 'enabled', budget_tokens: 100000 } }, A);
  probe('anth best_of', 'anthropic-messages', { ...M, n: 5, best_of: 3 }, A);
  probe('anth tier', 'anthropic-messages', { ...M, service_tier: 'priority' }, A);
  probe('anth doc gs', 'anthropic-messages', {
    ...M,
    messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'gs://secret/x.pdf' } }] }],
  });
  probe(
    'anth doc files',
    'anthropic-messages',
    {
      ...M,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image',
              source: { type: 'url', url: 'https://generativelanguage.googleapis.com/v1beta/files/abc' },
            },
          ],
        },
      ],
    },
    G,
  );
  probe(
    'anth doc s3',
    'anthropic-messages',
    {
      ...M,
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 's3://bucket/x.png' } }] }],
    },
    ['bedrock:bedrock-converse'],
  );
  probe(
    'anth doc s3 doc',
    'anthropic-messages',
    {
      ...M,
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 's3://bucket/x.pdf' } }] }],
    },
    ['bedrock:bedrock-converse'],
  );
  const H = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
  probe('chat img gs', 'openai-chat', {
    ...H,
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'gs://b/x.png' } }] }],
  });
  probe('chat file_id', 'openai-chat', {
    ...H,
    messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }],
  });
  probe('chat audio id', 'openai-chat', {
    ...H,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', audio: { id: 'audio_1' } },
      { role: 'user', content: 'y' },
    ],
  });
  probe('chat tool file_id', 'openai-chat', {
    ...H,
    messages: [{ role: 'tool', tool_call_id: 'x', content: [{ type: 'file', file: { file_id: 'file-1' } }] }],
  });
  probe('chat input_file id', 'openai-chat', {
    ...H,
    messages: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }],
  });
  probe('chat image_file', 'openai-chat', {
    ...H,
    messages: [{ role: 'user', content: [{ type: 'image_file', image_file: { file_id: 'file-1' } }] }],
  });
  probe(
    'chat video gs',
    'openai-chat',
    { ...H, messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'gs://x/y.mp4' } }] }] },
    [...G, 'bedrock:bedrock-converse'],
  );
  probe(
    'chat file_data gs',
    'openai-chat',
    {
      ...H,
      messages: [{ role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'gs://x/y.pdf' } }] }],
    },
    [...G, 'bedrock:bedrock-converse'],
  );
  probe(
    'chat esc file_id',
    'openai-chat',
    '{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file\\u005fid":"file-1"}}]}]}',
    C,
  );
  probe('chat enable_search', 'openai-chat', { ...H, enable_search: true }, C);
  probe('chat extra_body', 'openai-chat', { ...H, extra_body: { service_tier: 'priority' } }, C);
  probe(
    'chat prompt_id',
    'openai-chat',
    { ...H, prompt: { id: 'pmpt_1' }, conversation: 'conv_1', previous_response_id: 'resp_1' },
    C,
  );
  probe('chat speed', 'openai-chat', { ...H, speed: 'fast', inference_geo: 'us' }, [...C, ...A]);
  probe('chat wso', 'openai-chat', { ...H, web_search_options: { search_context_size: 'high' } });
  probe('chat func type', 'openai-chat', { ...H, tools: [{ type: 'mcp', server_url: 'http://x' }] }, C);
  probe('chat mod string', 'openai-chat', { ...H, modalities: ['text', 'Audio'] }, C);
  probe('chat cc', 'openai-chat', {
    ...H,
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    ],
  });
  probe('chat none', 'openai-chat', { ...H });
  const R = { model: 'm', input: 'hi' };
  const it_ = (item: any) => ({ model: 'm', input: [item] });
  probe('resp none', 'openai-responses', R);
  probe(
    'resp computer_call_output file',
    'openai-responses',
    it_({ type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', file_id: 'file-1' } }),
    O,
  );
  probe('resp ig call', 'openai-responses', it_({ type: 'image_generation_call', id: 'ig_1' }), O);
  probe(
    'resp ci call',
    'openai-responses',
    it_({ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1', code: 'x' }),
    O,
  );
  probe(
    'resp fn out file',
    'openai-responses',
    it_({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'file-1' }] }),
    O,
  );
  probe(
    'resp input_image file_id',
    'openai-responses',
    it_({ role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] }),
    O,
  );
  probe(
    'resp input_audio file',
    'openai-responses',
    it_({
      role: 'user',
      content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'wav' }, file_id: 'file-1' }],
    }),
    O,
  );
  probe(
    'resp unknown type w file',
    'openai-responses',
    it_({ role: 'user', content: [{ type: 'computer_screenshot', file_id: 'file-1' }] }),
    O,
  );
  probe('resp item ref', 'openai-responses', it_({ type: 'item_reference', id: 'msg_1' }), O);
  probe('resp item ref notype', 'openai-responses', it_({ id: 'msg_1' }), O);
  probe('resp item ref null', 'openai-responses', it_({ type: null, id: 'msg_1' }), O);
  probe(
    'resp msg id only',
    'openai-responses',
    it_({ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] }),
    O,
  );
  probe('resp reasoning id', 'openai-responses', it_({ type: 'reasoning', id: 'rs_1', summary: [] }), O);
  probe(
    'resp fc id',
    'openai-responses',
    it_({ type: 'function_call', id: 'fc_1', call_id: 'c', name: 'x', arguments: '{}' }),
    O,
  );
  probe(
    'resp instr list item ref',
    'openai-responses',
    { ...R, instructions: [{ type: 'item_reference', id: 'msg_1' }] },
    O,
  );
  for (const tool of [
    { type: 'file_search', vector_store_ids: ['vs_1'] },
    { type: 'code_interpreter', container: 'cntr_1' },
    { type: 'image_generation' },
    { type: 'mcp', connector_id: 'connector_gmail', server_label: 'x' },
    { type: 'shell', environment: { type: 'container_reference', container_id: 'x' } },
    {
      type: 'namespace',
      name: 'n',
      tools: [{ type: 'image_generation' }, { type: 'file_search', vector_store_ids: ['vs'] }],
    },
    { type: 'tool_search' },
    { type: 'web_search', search_context_size: 'high' },
    { type: 'computer_use_preview' },
    { type: 'local_shell' },
    { type: 'custom', name: 'x' },
    { type: 'openrouter:web_search' },
    { type: 'x_search' },
  ])
    probe('resp tool ' + JSON.stringify(tool), 'openai-responses', { ...R, tools: [tool] }, O);
  probe('resp tier', 'openai-responses', { ...R, service_tier: 'flex' }, O);
  probe('resp plugins', 'openai-responses', { ...R, plugins: [{ id: 'web' }] }, O);
  probe(
    'resp web_search_options',
    'openai-responses',
    { ...R, web_search_options: {}, search_parameters: { mode: 'on' } },
    ['openai:openai-responses', 'openai:openai-chat'],
  );
  probe('resp modalities', 'openai-responses', { ...R, modalities: ['audio'], audio: { voice: 'x' } }, O);
  probe('resp n', 'openai-responses', { ...R, n: 5, best_of: 9 }, O);
  probe('resp max_tool_calls', 'openai-responses', { ...R, tools: [{ type: 'web_search' }], max_tool_calls: 30 }, O);
  probe(
    'resp routing',
    'openai-responses',
    { ...R, models: ['a'], provider: { only: ['x'] }, stream_options: { include_obfuscation: true } },
    O,
  );
  probe(
    'resp container',
    'openai-responses',
    { ...R, container: 'cntr_1', context_management: [{ type: 'compaction', compact_threshold: 10 }] },
    O,
  );
  const g = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  const gp = (p: any) => ({ contents: [{ role: 'user', parts: [p] }] });
  probe('gem none', 'gemini', g);
  probe('gem twin uri', 'gemini', gp({ fileData: { fileUri: 'https://ok.com/a.pdf', file_uri: 'gs://secret/x' } }), G);
  probe(
    'gem twin fileData',
    'gemini',
    gp({ fileData: { fileUri: 'https://ok.com/a.pdf' }, file_data: { file_uri: 'gs://secret/x' } }),
    G,
  );
  probe('gem text+fileData', 'gemini', gp({ text: 'x', fileData: { fileUri: 'gs://secret/x' } }), G);
  probe(
    'gem fileuri port',
    'gemini',
    gp({ fileData: { fileUri: 'https://generativelanguage.googleapis.com:443/v1beta/files/abc' } }),
    G,
  );
  probe(
    'gem fileuri user',
    'gemini',
    gp({ fileData: { fileUri: 'https://x@generativelanguage.googleapis.com/v1beta/files/abc' } }),
    G,
  );
  probe(
    'gem fileuri esc',
    'gemini',
    gp({ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/%66iles/abc' } }),
    G,
  );
  probe(
    'gem fr file',
    'gemini',
    gp({ functionResponse: { name: 'x', response: {}, parts: [{ file_data: { file_uri: 'gs://x' } }] } }),
    G,
  );
  probe(
    'gem fr fileData',
    'gemini',
    gp({ function_response: { name: 'x', response: {}, parts: [{ fileData: { fileUri: 'gs://x' } }] } }),
    G,
  );
  probe('gem sys file', 'gemini', { ...g, system_instruction: { parts: [{ fileData: { fileUri: 'gs://x' } }] } }, G);
  probe('gem cached', 'gemini', { ...g, cached_content: 'cachedContents/x' }, G);
  for (const t of [
    { googleMaps: {} },
    { google_maps: {} },
    { codeExecution: {} },
    { googleSearch: {} },
    { urlContext: {} },
    { fileSearch: { fileSearchStoreNames: ['x'] } },
    { retrieval: {} },
    { enterprise_web_search: {} },
    { mcpServers: [{}] },
    { codeExecution: {}, googleMaps: {} },
    { computerUse: {} },
    { weird: {} },
    { google_search_retrieval: {} },
    { parallelAiSearch: {} },
  ])
    probe('gem tool ' + JSON.stringify(t), 'gemini', { ...g, tools: [t] }, ['google:gemini']);
  probe('gem modal', 'gemini', { ...g, generation_config: { response_modalities: ['AUDIO', 'IMAGE'] } }, G);
  probe('gem twin gc', 'gemini', { ...g, generation_config: { candidate_count: 1, candidateCount: 8 } }, G);
  probe(
    'gem cc',
    'gemini',
    { ...g, generationConfig: { candidateCount: 8, thinkingConfig: { thinkingBudget: 100000 } } },
    G,
  );
  probe('gem tier', 'gemini', { ...g, service_tier: 'PRIORITY' }, G);
  probe('gem speech', 'gemini', { ...g, generationConfig: { speechConfig: { voiceConfig: {} } } }, G);
  probe('gem store', 'gemini', { ...g, store: true, labels: { a: 'b' } }, G);
  probe('gem model', 'gemini', { ...g, model: 'tunedModels/x' }, G);
});
