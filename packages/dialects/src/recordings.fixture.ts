import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real exchanges with providers, which are no part of the project: without the folder the tests over them say so and pass. */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../shared/recordings');

export interface Recording {
  /** `provider/file` */
  readonly name: string;
  readonly provider: string;
  readonly request: { readonly path: string; readonly body?: unknown } | null;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly body_text?: string;
    readonly stream?: string;
    readonly stream_base64?: string;
  };
}

/** Every exchange of one API, by all its providers. */
export function loadRecordings(api: string): readonly Recording[] {
  if (!existsSync(folder)) {
    console.log(`no recordings at ${folder}: the tests over recorded exchanges are skipped`);
    return [];
  }
  return readdirSync(folder).flatMap((provider) => {
    const cases = path.join(folder, provider, api);
    const names = existsSync(cases) ? readdirSync(cases).filter((name) => name.endsWith('.json')) : [];
    return names.map((name) => {
      const { request, response } = JSON.parse(readFileSync(path.join(cases, name), 'utf8'));
      return { name: `${provider}/${name}`, provider, request, response };
    });
  });
}

export function streamBytes({ response }: Recording): Buffer | null {
  if (response.stream_base64 !== undefined) return Buffer.from(response.stream_base64, 'base64');
  return response.stream === undefined ? null : Buffer.from(response.stream);
}

export function bodyBytes({ response }: Recording): Buffer {
  return Buffer.from(response.body_text ?? JSON.stringify(response.body));
}

/** What the provider answered, streamed or not. */
export function answerBytes(recording: Recording): Buffer {
  return streamBytes(recording) ?? bodyBytes(recording);
}
