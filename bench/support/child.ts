import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepTrack } from './processes.ts';

/** What a process has used up: bytes resident, and milliseconds of CPU since it began. */
export interface Usage {
  readonly residentBytes: number;
  readonly cpuMs: number;
  /** Of an upstream: the calls it has had. */
  readonly calls?: number;
  /** Where garbage was collected before: what is left on V8's heap and beside it. */
  readonly keptBytes?: number;
}

export interface Child {
  /** What it said when it was ready. */
  // biome-ignore lint/suspicious/noExplicitAny: each program says what it says
  readonly ready: any;
  usage(): Promise<Usage>;
  /** The same once all garbage is collected. */
  usageWithoutGarbage(): Promise<Usage & { readonly keptBytes: number }>;
  send(message: object): void;
  /** The next message of this type that will do. */
  answer(
    type: string,
    isMeant?: (message: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** For Node itself. */
  readonly flags?: readonly string[];
}

/** Runs a program of the bench in a process of its own, and comes back once it is ready. */
export const startChild = async (
  program: string,
  { args = [], env = {}, flags = [] }: ChildOptions = {},
): Promise<Child> => {
  const profile =
    process.env['BENCH_PROFILE'] === program ? ['--cpu-prof', '--cpu-prof-dir=bench/results'] : [];
  const child = fork(new URL(`../${program}.ts`, import.meta.url), args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    execArgv: [...flags, ...profile],
  });
  const { exited, stop } = keepTrack(child);
  const listeners = new Set<(message: Record<string, unknown>) => void>();
  child.on('message', (message: Record<string, unknown>) => {
    for (const listener of listeners) listener(message);
  });
  const answer: Child['answer'] = (type, isMeant = () => true) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const listener = (message: Record<string, unknown>) => {
        if (message['type'] !== type || !isMeant(message)) return;
        listeners.delete(listener);
        resolve(message);
      };
      listeners.add(listener);
      void exited.then(() => reject(new Error(`${program} ended before it said ${type}.`)));
    });
  const askUsage = async (collect: boolean) => {
    const told = answer('usage');
    child.send({ type: 'usage', collect });
    return (await told) as unknown as Usage & { readonly keptBytes: number };
  };
  return {
    ready: await answer('ready'),
    usage: () => askUsage(false),
    usageWithoutGarbage: () => askUsage(true),
    send: (message) => void child.send(message),
    answer,
    stop,
  };
};

/** What is left of V8's memory, and of what it answers for, after everything was collected that can be. */
const collectGarbage = async (): Promise<{ keptBytes: number }> => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  // what a first one finalizes, a second frees
  for (let times = 0; times < 3; times += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { keptBytes: heapUsed + external };
};

/** In such a program: tells that it is ready, and from then on what it uses. It ends with who started it. */
export const reportReady = (details: object = {}, more: () => object = () => ({})): void => {
  process.on('disconnect', () => process.exit());
  process.on('message', async (message: { type?: string; collect?: boolean }) => {
    if (message.type !== 'usage') return;
    const kept = message.collect ? await collectGarbage() : {};
    const { user, system } = process.cpuUsage();
    process.send?.({
      type: 'usage',
      residentBytes: process.memoryUsage.rss(),
      cpuMs: (user + system) / 1000,
      ...kept,
      ...more(),
    });
  });
  process.send?.({ type: 'ready', ...details });
};
