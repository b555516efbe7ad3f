import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const recordingSchema = z.looseObject({
  provider: z.string(),
  api: z.string(),
  request: z.looseObject({ method: z.string(), path: z.string(), body: z.unknown() }).nullable(),
  response: z.looseObject({
    status: z.number(),
    body: z.unknown().optional(),
    stream: z.string().optional(),
    stream_base64: z.string().optional(),
    body_text: z.string().optional(),
    body_base64: z.string().optional(),
  }),
});

/** One recorded exchange: `name` is `<provider>/<api>/<case>`. */
export interface Recording extends z.infer<typeof recordingSchema> {
  readonly name: string;
}

/** Every recording below a folder, whatever part of the layout it is: the whole set, one provider, one api. */
export function readRecordings(folder: string): readonly Recording[] {
  return jsonFiles(path.resolve(folder)).flatMap((file) => {
    const parsed = recordingSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success) return [];
    return [{ ...parsed.data, name: `${parsed.data.provider}/${parsed.data.api}/${path.basename(file, '.json')}` }];
  });
}

function jsonFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return jsonFiles(full);
      return entry.name.endsWith('.json') && entry.name !== 'index.json' ? [full] : [];
    });
}
