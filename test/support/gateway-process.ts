import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);

export interface Run {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly entry?: string;
}

export interface Logged {
  readonly msg: string;
  readonly time: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was logged
  readonly [field: string]: any;
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
    /** Everything that was logged so far. */
    lines: (): Logged[] => lines.map((line) => JSON.parse(line)),
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

/** Whatever it says, parsed. */
export const ask = async (
  url: string,
  query: string,
  headers: Record<string, string> = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever they asked for
): Promise<any> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return response.json();
};
