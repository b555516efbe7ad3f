import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isStreamed, type Recording, recordingSchema } from './recording.js';

/** One recorded case in the list. */
export interface CaseSummary {
  /** `<provider>/<api>/<file name without .json>`. */
  readonly case: string;
  readonly provider: string;
  readonly api: string;
  readonly stream: boolean;
  readonly status: number;
}

/** The recordings that can be replayed. */
export interface ReplayLibrary {
  /** Reads every recording below a folder; files that are none are counted, not refused. */
  load(folder: string): Promise<{ readonly cases: CaseSummary[]; readonly skipped: number }>;
  find(name: string): Recording | null;
  clear(): void;
}

/** Makes an empty library. */
export function createReplayLibrary(): ReplayLibrary {
  const recordings = new Map<string, Recording>();
  return {
    async load(folder) {
      const cases: CaseSummary[] = [];
      let skipped = 0;
      for (const file of await jsonFilesBelow(folder)) {
        const recording = await readRecording(file);
        if (recording === null) {
          skipped += 1;
          continue;
        }
        const name = `${recording.provider}/${recording.api}/${path.basename(file, '.json')}`;
        recordings.set(name, recording);
        cases.push({
          case: name,
          provider: recording.provider,
          api: recording.api,
          stream: isStreamed(recording),
          status: recording.response.status,
        });
      }
      return { cases, skipped };
    },
    find: (name) => recordings.get(name.replace(/\.json$/, '')) ?? null,
    clear: () => recordings.clear(),
  };
}

async function jsonFilesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

async function readRecording(file: string): Promise<Recording | null> {
  try {
    const parsed = recordingSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
