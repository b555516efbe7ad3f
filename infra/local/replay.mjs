// `npm run replay -- --dir <folder>`: recorded exchanges (test/replay/main.ts) through an installation of its own.
import './require-node.mjs';
import { runBesideThrowaway } from './throwaway.mjs';

await runBesideThrowaway({ file: 'replay/main.ts', fast: true });
