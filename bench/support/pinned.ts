import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { keepTrack } from './processes.ts';

/** A program that knows nothing of the bench, kept to one core and watched from outside. Linux only. */
export interface Pinned {
  readonly startedAt: number;
  /** Milliseconds of CPU since it began. */
  cpuMs(): number;
  residentBytes(): number;
  /** Its exit code or the signal that ended it; null as long as it runs. */
  ending(): number | string | null;
  stop(): Promise<void>;
}

const msPerTick = 10;

const stayOn = (cores: string): void => {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
};

/** Keeps this process, and what it starts from now on, away from the core that is measured. */
export const stayOnCore = (core: number): void => stayOn(String(core));

/** The end of that. */
export const roam = (): void => stayOn(`0-${cpus().length - 1}`);

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
};

export const startPinned = (
  command: readonly string[],
  { core, env, cwd }: { core: number; env: Record<string, string>; cwd: URL },
): Pinned => {
  const startedAt = performance.now();
  // taskset becomes the program, so its id is the program's
  const program = spawn('taskset', ['-c', String(core), ...command], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { stop } = keepTrack(program);
  const read = (file: string) => readFileSync(`/proc/${program.pid}/${file}`, 'utf8');
  return {
    startedAt,
    cpuMs() {
      const fields = read('stat')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * msPerTick;
    },
    residentBytes: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(read('status'))?.[1]) * 1024,
    ending: () => program.exitCode ?? program.signalCode,
    stop,
  };
};
