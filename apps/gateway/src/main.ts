import 'reflect-metadata';
import { composeGateway } from './compose.js';
import { readConfig } from './config.js';
import { guardProcess } from './process-guard.js';

const gateway = await composeGateway(readConfig());
await gateway.listen();
guardProcess(process, gateway.log);

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    void gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
