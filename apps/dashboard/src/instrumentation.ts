/** Runs once when the server starts, never while building: a wrong environment ends it here and not at the first visitor. */
export async function register(): Promise<void> {
  const { config } = await import('./config');
  try {
    config();
  } catch (error) {
    // Next compiles this file for its edge runtime too, where it never runs and where `process` has neither of these.
    const { process: program } = globalThis;
    program.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    program.exit(1);
  }
}
