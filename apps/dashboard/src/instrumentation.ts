/** Runs once when the server starts, never while building: a wrong environment stops it here and not at the first visitor. */
export async function register(): Promise<void> {
  const { config } = await import('./config');
  config();
}
