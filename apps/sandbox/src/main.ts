import { configOfProcess } from './config.js';
import { type Sandbox, startSandbox } from './sandbox.js';

const sandbox = await start().catch((error: unknown) => {
  console.error(`The sandbox cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
console.log(
  `sandbox: pretend providers and control on ${sandbox.url}, mail on smtp://127.0.0.1:${sandbox.smtpPort}, inbox on ${sandbox.url}/inbox`,
);

let isClosing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isClosing) process.exit(1);
    isClosing = true;
    void sandbox.close().then(() => process.exit(0));
  });
}

async function start(): Promise<Sandbox> {
  return startSandbox(configOfProcess());
}
