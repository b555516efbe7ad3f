import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real exchanges with providers. They are no part of the project: where the folder is absent there are none, and the tests over them skip. */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../../shared/recordings');

export interface Recording {
  readonly name: string;
  readonly provider: string;
  readonly request: { readonly body?: unknown } | null;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly stream?: string;
    readonly body?: unknown;
    readonly body_text?: string;
  };
}

/** Every exchange of one interface, by all its providers. */
export function loadRecordings(api: string): Recording[] {
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

export function bytesOf({ response }: Recording): Buffer {
  return Buffer.from(response.stream ?? response.body_text ?? JSON.stringify(response.body));
}
