import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export const root = join(import.meta.dirname, '../..');
export const bin = (name: string) => join(root, 'node_modules/.bin', name);

interface Run {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly entry?: string;
}

interface Logged {
  readonly msg: string;
  readonly time: string;
}

/** The program as its user starts it, with no environment but the given one. */
export const start = ({ args = [], env = {}, entry = join(root, 'src/main.ts') }: Run = {}) => {
  const child = spawn(bin('node'), [entry, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const text = { out: '', err: '' };
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const lines: string[] = [];
  let wake = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    text.out += `${line}\n`;
    wake();
  });
  const closed = once(child, 'close').then(([code, signal]) => ({ code, signal, ...text }));
  closed.then(() => wake());
  return {
    closed,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** The first log line that matches; fails when the program ends without one. */
    async logged(pattern: RegExp): Promise<Logged> {
      for (;;) {
        const found = lines.map((line): Logged => JSON.parse(line)).find(({ msg }) => pattern.test(msg));
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`It ended without saying ${pattern}: ${text.out}${text.err}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
};

export type Started = ReturnType<typeof start>;

export const urlOf = async ({ logged }: Started) =>
  /http:\/\/\S+$/.exec((await logged(/GraphiQL in a browser/)).msg)?.[0] ?? '';
