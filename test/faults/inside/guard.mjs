// Outlives the harness by a moment: what it started and could not stop any more is ended, however it ended itself.
const pids = new Set();

process.on('message', ({ kind, pid }) => {
  if (kind === 'started') pids.add(pid);
  else pids.delete(pid);
});
process.on('disconnect', () => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  process.exit(0);
});
