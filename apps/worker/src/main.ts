import { createLogger, type Logger } from '@tollgate/telemetry';
import { readConfig, type WorkerConfig } from './config.js';
import { startWorker } from './start-worker.js';

/** Shutting down takes at most this long; whatever is not finished by then is repeated by the next run. */
const STOP_WITHIN_MS = 15_000;

const read = readConfig();
if (read.ok) await run(read.config).catch(failToStart);
else {
  process.stderr.write(`the worker cannot start:\n  ${read.problems.join('\n  ')}\n`);
  process.exitCode = 1;
}

async function run(config: WorkerConfig): Promise<void> {
  const log = createLogger({ name: 'worker', level: config.logLevel });
  const worker = await startWorker(config, log);
  log.info({ port: worker.port, mail: config.mail.isSandbox ? 'sandbox inbox' : 'SMTP_URL' }, 'worker started');
  stopOnSignal(worker.stop, log);
}

function failToStart(error: unknown): void {
  process.stderr.write(`the worker cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function stopOnSignal(stop: () => Promise<void>, log: Logger): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'worker stopping');
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'worker did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
