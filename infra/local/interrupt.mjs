/**
 * Ctrl-C, SIGTERM and a closed terminal ask for an orderly stop: `signal` aborts, `requested` resolves.
 * A second one ends this process at once; what it leaves running is ended by the next start.
 */
export function onInterrupt() {
  const controller = new AbortController();
  const requested = new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(name, () => {
        if (controller.signal.aborted && name !== 'SIGHUP') process.exit(130);
        controller.abort();
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, requested };
}
