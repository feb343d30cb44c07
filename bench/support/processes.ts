import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** No process that was started outlives the one that did. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// a signal by itself ends without that
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

export interface Running {
  readonly exited: Promise<unknown>;
  /** Politely first. */
  stop(): Promise<void>;
}

export const keepTrack = (child: ChildProcess): Running => {
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  return {
    exited,
    async stop() {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(hard);
    },
  };
};
