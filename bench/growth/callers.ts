import { startGateway } from '../live/start-gateway.ts';
import { ask, wrongWith } from '../requests/ask.ts';
import { createSite } from '../requests/site.ts';
import { job, jobFields, type Question, question } from '../requests/workloads.ts';
import { type Child, startChild } from '../support/child.ts';
import { mb } from '../support/numbers.ts';
import type { Series } from './series.ts';

/** How many callers there have been. The gateway's tables of callers hold 10,000. */
const counts = [100, 1000, 3000, 6000, 10_000, 20_000, 30_000];
const tableSize = 10_000;
const concurrency = 16;
const warmUps = 4000;
/** Of memory after garbage was collected. */
const noiseBytes = 1_000_000;

interface Measured {
  readonly count: number;
  /** Of a caller's first request. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** Above what was kept before the first of them. */
  readonly keptBytes: number;
}

/** Jobs under way, which the gateway does not remember: it is callers that are measured. */
const questions: readonly Question[] = createSite()
  .jobs.filter(({ status }) => status === 'IN_PROGRESS')
  .map((row) => question(`{ job(id: "${row.id}") { ${jobFields} } }`, { job: job(row) }));

/** Asks from the one to the other; returns the CPU of the gateway for each. */
const askEach = async (gateway: Child, from: number, to: number, authorization: (n: number) => string) => {
  const { cpuMs } = await gateway.usage();
  let next = from;
  const askOn = async () => {
    while (next < to) {
      const n = next;
      next += 1;
      const wanted = questions[n % questions.length];
      if (wanted === undefined) throw new Error('There is nothing to ask.');
      const options = { authorization: authorization(n), body: wanted.body };
      const { body } = await ask(gateway.ready.url, options);
      const wrong = wrongWith(body, wanted);
      if (wrong !== null) throw new Error(wrong);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, askOn));
  return ((await gateway.usage()).cpuMs - cpuMs) / (to - from);
};

const measure = async (gateway: Child) => {
  const askKnown = () => askEach(gateway, 0, warmUps, (n) => `known-${n % concurrency}`);
  await askKnown();
  const knownMs = await askKnown();
  const empty = await gateway.usageWithoutGarbage();
  const measured: Measured[] = [];
  let before = 0;
  for (const count of counts) {
    const cpuMs = await askEach(gateway, before, count, (n) => `new-${n}`);
    const { residentBytes } = await gateway.usage();
    const kept = await gateway.usageWithoutGarbage();
    measured.push({ count, cpuMs, residentBytes, keptBytes: kept.keptBytes - empty.keptBytes });
    before = count;
  }
  return { knownMs, empty, measured };
};

const seriesOf = ({ knownMs, empty, measured }: Awaited<ReturnType<typeof measure>>): Series => ({
  name: 'callers',
  title: 'Callers',
  text: `Callers with a credential of their own who each asked for one job and are idle since. Before them the gateway kept ${mb(empty.keptBytes)} on its heap and beside it and had ${mb(empty.residentBytes)} resident; a request of a known caller took ${knownMs.toFixed(2)} ms of CPU. It remembers ${tableSize.toLocaleString('en')} callers: those who come after them push out those who were idle for the longest time. (Not in here: finished jobs that are remembered for who asked, at most 32 MiB for all.)`,
  head: ['Callers so far', 'Kept for them', 'an idle caller', 'Resident', 'CPU of a first request'],
  rows: measured.map(({ count, keptBytes, residentBytes, cpuMs }) => [
    count.toLocaleString('en'),
    `${(keptBytes / 1_000_000).toFixed(1)} MB`,
    `${(keptBytes / Math.min(count, tableSize) / 1000).toFixed(1)} kB`,
    mb(residentBytes),
    `${cpuMs.toFixed(2)} ms`,
  ]),
  panels: [
    {
      title: 'Kept for idle callers',
      xLabel: 'callers who asked once',
      yLabel: 'MB, garbage collected',
      xScale: 'linear',
      yScale: 'linear',
      costs: [
        {
          name: 'kept',
          points: measured.map(({ count, keptBytes }) => ({ size: count, cost: keptBytes / 1_000_000 })),
          resolution: noiseBytes / 1_000_000,
          boundFrom: tableSize,
        },
      ],
    },
    {
      title: 'CPU to get to know callers',
      xLabel: 'callers who asked once',
      yLabel: 'CPU s of all first requests',
      xScale: 'linear',
      yScale: 'linear',
      costs: [{ name: 'CPU', points: cpuOfAll(measured) }],
    },
  ],
});

const cpuOfAll = (measured: readonly Measured[]) => {
  let seconds = 0;
  return measured.map(({ count, cpuMs }, n) => {
    seconds += (cpuMs * (count - (measured[n - 1]?.count ?? 0))) / 1000;
    return { size: count, cost: seconds };
  });
};

/** Memory of the gateway by the callers who each asked once and are idle since. */
export const measureCallers = async (): Promise<Series> => {
  const upstream = await startChild('requests/stub');
  try {
    const env = { UPSTREAM_REQUESTS_PER_MINUTE: '1000000' };
    const gateway = await startGateway(upstream.ready.url, { env });
    try {
      return seriesOf(await measure(gateway));
    } finally {
      await gateway.stop();
    }
  } finally {
    await upstream.stop();
  }
};
