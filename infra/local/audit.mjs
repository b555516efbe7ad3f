// `npm run audit`: every invariant of money, counted in an installation that runs. Exit code 1 when one is violated.
import './require-node.mjs';
import { runWorkerTool } from './worker-tool.mjs';

await runWorkerTool('audit/main.js');
