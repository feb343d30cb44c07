import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Row } from './rows.ts';

const root = join(import.meta.dirname, '../..');

export interface ReplicaProcess {
  /** Of GraphQL. */
  readonly url: string;
  readonly ended: Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** The n-th log line that matches, from 0. */
  logged(pattern: RegExp, n?: number): Promise<Row>;
}

/** The gateway as a program of its own, working together with those of the same prefix on the same Redis. */
export const startReplica = async (env: Record<string, string>): Promise<ReplicaProcess> => {
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'src/main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      DRAIN_MS: '1000',
      POLL_MIN_MS: '100',
      POLL_MAX_MS: '100',
      UPSTREAM_REQUESTS_PER_MINUTE: '1000000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines: Row[] = [];
  let wake: (() => void)[] = [];
  const wakeAll = () => {
    for (const each of wake) each();
    wake = [];
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line));
    wakeAll();
  });
  child.once('close', wakeAll);
  const logged = async (pattern: RegExp, n = 0): Promise<Row> => {
    for (;;) {
      const found = lines.filter(({ msg }) => pattern.test(msg))[n];
      if (found) return found;
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`It ended without saying ${pattern}: ${JSON.stringify(lines)}`);
      }
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  const url = /http:\/\/\S+$/.exec((await logged(/^GraphQL.*: http/)).msg)?.[0];
  if (url === undefined) throw new Error('It did not say where it is.');
  await logged(/Redis is there/);
  return { url, ended, kill: (signal) => void child.kill(signal), logged };
};
