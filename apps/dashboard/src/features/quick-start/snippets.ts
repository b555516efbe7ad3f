import type { ModelOperation } from '@tollgate/catalog';

export type Language = 'typescript' | 'python' | 'shell';

/** One way to send a first request; most come in two languages. */
export interface Snippet {
  readonly id: 'openai' | 'responses' | 'anthropic' | 'gemini' | 'curl';
  readonly title: string;
  /** never empty */
  readonly codes: readonly { readonly language: Language; readonly code: string }[];
}

/** The model in each vendor's example. Any of them would do anywhere: they differ to show that. */
export interface SnippetModels {
  readonly openai: string;
  readonly anthropic: string;
  readonly gemini: string;
}

export interface SnippetParts {
  /** without a trailing slash; what an SDK wants behind it is added here */
  readonly gatewayUrl: string;
  readonly apiKey: string;
}

const PROMPT = 'Say hello in Latin.';

/** A first request with every SDK that people have: as its vendor publishes it, unchanged but for base URL and key. */
export function snippets(parts: SnippetParts, models: SnippetModels): readonly Snippet[] {
  return [
    { id: 'openai', title: 'OpenAI', codes: openai(parts, models.openai) },
    { id: 'responses', title: 'OpenAI Responses', codes: responses(parts, models.openai) },
    { id: 'anthropic', title: 'Anthropic', codes: anthropic(parts, models.anthropic) },
    { id: 'gemini', title: 'Gemini', codes: gemini(parts, models.gemini) },
    { id: 'curl', title: 'curl', codes: [{ language: 'shell', code: curl(parts, models.openai) }] },
  ];
}

function openai({ gatewayUrl, apiKey }: SnippetParts, model: string): Snippet['codes'] {
  const typescript = `// npm install openai
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${gatewayUrl}/v1',
  apiKey: '${apiKey}',
});

const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${PROMPT}' }],
});
console.log(answer.choices[0].message.content);`;
  const python = `# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url="${gatewayUrl}/v1",
    api_key="${apiKey}",
)

answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "${PROMPT}"}],
)
print(answer.choices[0].message.content)`;
  return both(typescript, python);
}

function responses({ gatewayUrl, apiKey }: SnippetParts, model: string): Snippet['codes'] {
  const typescript = `// npm install openai
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${gatewayUrl}/v1',
  apiKey: '${apiKey}',
});

const answer = await client.responses.create({
  model: '${model}',
  input: '${PROMPT}',
});
console.log(answer.output_text);`;
  const python = `# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url="${gatewayUrl}/v1",
    api_key="${apiKey}",
)

answer = client.responses.create(
    model="${model}",
    input="${PROMPT}",
)
print(answer.output_text)`;
  return both(typescript, python);
}

function anthropic({ gatewayUrl, apiKey }: SnippetParts, model: string): Snippet['codes'] {
  const typescript = `// npm install @anthropic-ai/sdk
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: '${gatewayUrl}',
  apiKey: '${apiKey}',
});

const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 1000,
  messages: [{ role: 'user', content: '${PROMPT}' }],
});
for (const block of answer.content) {
  if (block.type === 'text') console.log(block.text);
}`;
  const python = `# pip install anthropic
from anthropic import Anthropic

client = Anthropic(
    base_url="${gatewayUrl}",
    api_key="${apiKey}",
)

answer = client.messages.create(
    model="${model}",
    max_tokens=1000,
    messages=[{"role": "user", "content": "${PROMPT}"}],
)
for block in answer.content:
    if block.type == "text":
        print(block.text)`;
  return both(typescript, python);
}

function gemini({ gatewayUrl, apiKey }: SnippetParts, model: string): Snippet['codes'] {
  const typescript = `// npm install @google/genai
import { GoogleGenAI } from '@google/genai';

const client = new GoogleGenAI({
  httpOptions: { baseUrl: '${gatewayUrl}' },
  apiKey: '${apiKey}',
});

const answer = await client.models.generateContent({
  model: '${model}',
  contents: '${PROMPT}',
});
console.log(answer.text);`;
  const python = `# pip install google-genai
from google import genai

client = genai.Client(
    http_options={"base_url": "${gatewayUrl}"},
    api_key="${apiKey}",
)

answer = client.models.generate_content(
    model="${model}",
    contents="${PROMPT}",
)
print(answer.text)`;
  return both(typescript, python);
}

const both = (typescript: string, python: string): Snippet['codes'] => [
  { language: 'typescript', code: typescript },
  { language: 'python', code: python },
];

function curl({ gatewayUrl, apiKey }: SnippetParts, model: string): string {
  return `curl ${gatewayUrl}/v1/chat/completions \\
  -H "Authorization: Bearer ${apiKey}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "${PROMPT}"}]
  }'`;
}

interface OperationExample {
  readonly path: string;
  /** members beside the model, as they stand in JSON */
  readonly members: readonly string[];
  readonly isForm?: boolean;
  /** what the answer is saved as where it is no text */
  readonly output?: string;
}

/** What a model that holds no conversation is asked: its own door, with the members that its API demands. */
const OPERATION_EXAMPLES: Readonly<Record<Exclude<ModelOperation, 'chat'>, OperationExample>> = {
  embeddings: { path: 'embeddings', members: ['"input": "A toll gate on an old road."'] },
  rerank: {
    path: 'rerank',
    members: ['"query": "Where is toll paid?"', '"documents": ["At the gate.", "In the forest."]'],
  },
  image: { path: 'images/generations', members: ['"prompt": "A toll gate on an old road."'] },
  speech: { path: 'audio/speech', members: ['"input": "Hello there."', '"voice": "alloy"'], output: 'hello.mp3' },
  transcription: { path: 'audio/transcriptions', members: ['file=@hello.mp3'], isForm: true },
  moderation: { path: 'moderations', members: ['"input": "Hello there."'] },
  completions: { path: 'completions', members: ['"prompt": "Once upon a time"'] },
};

/** The one line that asks a model of this kind for something. */
export function operationSnippet(
  { gatewayUrl, apiKey }: SnippetParts,
  operation: Exclude<ModelOperation, 'chat'>,
  model: string,
): string {
  const { path, members, isForm = false, output } = OPERATION_EXAMPLES[operation];
  const head = [`curl ${gatewayUrl}/v1/${path}`, `-H "Authorization: Bearer ${apiKey}"`];
  if (isForm) return [...head, `-F model=${model}`, ...members.map((member) => `-F ${member}`)].join(' \\\n  ');
  const body = [`"model": "${model}"`, ...members].map((member) => `    ${member}`).join(',\n');
  const save = output === undefined ? [] : [`--output ${output}`];
  return [...head, '-H "Content-Type: application/json"', ...save, `-d '{\n${body}\n  }'`].join(' \\\n  ');
}
