// `npm run bench`: the benchmark (test/bench/main.ts) beside an installation of its own that syncs to disk as a real one does.
import './require-node.mjs';
import { runBesideThrowaway } from './throwaway.mjs';

await runBesideThrowaway({ file: 'bench/main.ts', fast: false });
