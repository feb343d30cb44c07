import { ask, wrongWith } from '../requests/ask.ts';
import type { Server } from '../requests/servers.ts';
import type { Question } from '../requests/workloads.ts';
import { median } from '../support/numbers.ts';

/** One size of a series of requests. */
export interface Step {
  readonly size: number;
  /** The question that is asked as the nth. */
  question(n: number): Question;
}

export interface Measured {
  readonly size: number;
  /** CPU of the gateway for one request. */
  readonly cpuMs: number;
  readonly perSecond: number;
}

/** Enough to keep a core busy. With more at once the collector copies what waits, whatever the size of each. */
const concurrency = 4;
const warmUps = 2;
const rounds = 3;
const cpuMsOfRound = 600;
const longestRoundMs = 10_000;
/** One answer in so many is compared with REST's rows. */
const compareEvery = 16;

let asked = 0;

/**
 * Asks until so much CPU was used. All that was begun is ended before the CPU is read, so that nothing is half done.
 * Everyone who asks has a credential of its own: the gateway may share nothing between them.
 */
const round = async ({ url, process }: Server, { size, question }: Step): Promise<Measured> => {
  const [startedAt, cpuBefore] = [performance.now(), process.cpuMs()];
  let ended = 0;
  const isOver = () =>
    process.cpuMs() > cpuBefore + cpuMsOfRound || performance.now() > startedAt + longestRoundMs;
  const askOn = async (authorization: string) => {
    while (!isOver()) {
      asked += 1;
      const compare = asked % compareEvery === 0;
      const wanted = question(asked);
      const { status, body } = await ask(url, { authorization, body: wanted.body });
      const wrong = compare ? wrongWith(body, wanted) : null;
      if (status !== 200 || wrong !== null) throw new Error(`It answered ${status}: ${wrong ?? body}`);
      ended += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, n) => askOn(`caller-${n}`)));
  return {
    size,
    cpuMs: (process.cpuMs() - cpuBefore) / ended,
    perSecond: (ended / (performance.now() - startedAt)) * 1000,
  };
};

/** Medians of interleaved rounds, so that what else the machine does meets all sizes alike. */
export const measureSteps = async (server: Server, steps: readonly Step[]): Promise<readonly Measured[]> => {
  const measured: Measured[] = [];
  for (let n = 0; n < warmUps + rounds; n += 1) {
    for (const step of steps) {
      const one = await round(server, step);
      // the first are for compilers and caches
      if (n >= warmUps) measured.push(one);
    }
  }
  return steps.map(({ size }) => {
    const mine = measured.filter((one) => one.size === size);
    return {
      size,
      cpuMs: median(mine.map(({ cpuMs }) => cpuMs)),
      perSecond: median(mine.map(({ perSecond }) => perSecond)),
    };
  });
};
