// `npm run dead-letters -- list | retry <id>`: settlements the ledger refused, and another try after a fix.
import './require-node.mjs';
import { runWorkerTool } from './worker-tool.mjs';

await runWorkerTool('dead-letters/main.js');
