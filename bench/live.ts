import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { received, restMs, withCrowd } from './live/crowd.ts';
import { type FanOut, fanOut } from './live/fan-out.ts';
import { startMovingUpstream } from './live/moving-upstream.ts';
import { startGateway } from './live/start-gateway.ts';
import { startChild } from './support/child.ts';
import { circumstances, table } from './support/markdown.ts';
import { mb, ms, pause, percentile } from './support/numbers.ts';
import { namesOf, words } from './support/settings.ts';
import { startScriptOf } from './support/start-script.ts';

/**
 * What watching costs: upstream calls, delay, memory and CPU by the number of subscribers, and the fan-out of one
 * change beside the least any server must do (bare frames) and beside plain graphql-ws. Loopback only.
 * The gateway, each baseline and the subscribers are processes of their own.
 */
const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '10000' },
    jobs: { type: 'string', default: '80' },
    seconds: { type: 'string', default: '20' },
    changes: { type: 'string', default: '10' },
    only: { type: 'string' },
    flags: { type: 'string' },
  },
});
const subscribers = Number(values.subscribers);
const seconds = Number(values.seconds);
const changes = Number(values.changes);

const now = () => performance.timeOrigin + performance.now();

const flags = values.flags === undefined ? startScriptOf().flags : words(values.flags);
const gatewayOver = (url: string) => () => startGateway(url, { flags });

const scale = async (count: number, jobs: number) => {
  const upstream = await startMovingUpstream(jobs);
  const row = await withCrowd(
    gatewayOver(upstream.url),
    { count, ids: upstream.ids, documents: 'same', snapshots: true },
    async ({ server, crowd, idleBytes }) => {
      await pause(restMs);
      const before = await server.usage();
      const startedAt = now();
      const all: number[] = [];
      const last: number[] = [];
      for (let current = 1; now() < startedAt + seconds * 1000; current += 1) {
        const next = pause(1000);
        const expected = Math.floor(count / jobs) + (current % jobs < count % jobs ? 1 : 0);
        const changedAt = now();
        const receipts = expected > 0 ? received(crowd, current, expected) : null;
        void upstream.move(current, current);
        if (receipts) {
          const delays = (await receipts).map((instant) => instant - changedAt);
          all.push(...delays);
          last.push(Math.max(...delays));
        }
        await next;
      }
      const elapsed = now() - startedAt;
      const after = await server.usage();
      const calls = upstream.calls.filter((instant) => instant >= startedAt).length;
      return [
        count.toLocaleString('en'),
        String(jobs),
        ((calls / elapsed) * 60_000).toFixed(0),
        `${ms(percentile(all, 0.5))} / ${ms(percentile(all, 0.99))}`,
        `${ms(percentile(last, 0.5))} / ${ms(percentile(last, 0.99))}`,
        mb(before.residentBytes),
        count < 1000 ? '' : `${((before.residentBytes - idleBytes) / count / 1000).toFixed(1)} kB`,
        `${(((after.cpuMs - before.cpuMs) / elapsed) * 100).toFixed(0)} %`,
      ];
    },
  );
  upstream.close();
  return row;
};

const jobId = '00000000-0000-4000-8000-000000000000';
const update = (current: number) => ({
  kind: 'PROGRESSED',
  observedAt: new Date().toISOString(),
  job: {
    id: jobId,
    name: 'A job that moves',
    status: 'IN_PROGRESS',
    progress: { current, total: 1_000_000, itemsSuccessful: current, itemsRejected: 0 },
  },
});

const throughGateway = async (documents: 'same' | 'different') => {
  const upstream = await startMovingUpstream(1);
  const result = await fanOut({
    name: 'the gateway',
    startServer: gatewayOver(upstream.url),
    crowd: { count: subscribers, ids: upstream.ids, documents, snapshots: true },
    changes,
    publish: (_server, current) => upstream.move(0, current),
  });
  upstream.close();
  return result;
};

const throughBareFrames = () =>
  fanOut({
    name: 'bare ws frames',
    startServer: () => startChild('live/bare-ws'),
    crowd: { count: subscribers, ids: [jobId], documents: 'same', snapshots: false },
    changes,
    async publish(server, current) {
      const payload = { data: { jobUpdated: update(current) } };
      const toldAt = now();
      server.send({ publish: { text: JSON.stringify({ id: '0', type: 'next', payload }) } });
      return toldAt;
    },
  });

const throughPlainGraphqlWs = (documents: 'same' | 'different') =>
  fanOut({
    name: 'plain graphql-ws',
    startServer: () => startChild('live/plain-graphql-ws'),
    crowd: { count: subscribers, ids: [jobId], documents, snapshots: false },
    changes,
    async publish(server, current) {
      const toldAt = now();
      server.send({ publish: { update: update(current) } });
      return toldAt;
    },
  });

/** A thousand jobs, one subscriber each, for longer than the minute that the allowance is counted by. */
const manyJobs = async () => {
  const upstream = await startMovingUpstream(1000);
  const row = await withCrowd(
    gatewayOver(upstream.url),
    { count: 1000, ids: upstream.ids, documents: 'same', snapshots: true },
    async () => {
      const until = now() + 65_000;
      for (let current = 1; now() < until; current += 1) {
        void upstream.move(current, current);
        await pause(500);
      }
      const { calls } = upstream;
      const worst = Math.max(
        ...calls.map((from) => calls.filter((at) => at >= from && at < from + 60_000).length),
      );
      return `1,000 jobs, one subscriber each, one change every 500 ms: at most ${worst} upstream calls in any 60 s. The polling share of the default allowance is 100.`;
    },
  );
  upstream.close();
  return row;
};

const fanOutTable = (results: readonly FanOut[]): string => {
  const [first] = results;
  return table(
    ['Server', 'Told to last subscriber', 'beside the gateway', 'CPU of the server', 'Resident before'],
    results.map(({ server, wall, cpu, residentBytes }) => [
      server,
      ms(wall),
      `${(wall / (first?.wall ?? Number.NaN)).toFixed(2)} x`,
      ms(cpu),
      mb(residentBytes),
    ]),
  );
};

const parts: Record<string, () => Promise<string>> = {
  scale: async () => {
    const rows: string[][] = [];
    for (const count of [10, 1000, subscribers]) rows.push(await scale(count, Number(values.jobs)));
    return [
      '## By the number of subscribers',
      '',
      `One change a second for ${seconds} s, the settings as shipped: watched jobs are looked at once a second. Delay is from the change upstream, so it has that second in it.`,
      '',
      table(
        [
          'Subscribers',
          'Jobs',
          'Upstream calls a minute',
          'Delay of an event p50 / p99',
          'of the last subscriber p50 / p99',
          'Resident, idle',
          'a subscriber',
          'CPU',
        ],
        rows,
      ),
    ].join('\n');
  },
  same: async () =>
    [
      `## One change to ${subscribers.toLocaleString('en')} subscribers who ask the same`,
      '',
      fanOutTable([
        await throughGateway('same'),
        await throughBareFrames(),
        await throughPlainGraphqlWs('same'),
      ]),
    ].join('\n'),
  different: async () =>
    [
      `## One change to ${subscribers.toLocaleString('en')} subscribers of as many documents`,
      '',
      fanOutTable([await throughGateway('different'), await throughPlainGraphqlWs('different')]),
    ].join('\n'),
  jobs: async () => ['## Many jobs', '', await manyJobs()].join('\n'),
};

const chosen = namesOf('part', values.only, Object.keys(parts));
const sections = [
  '# Watching, measured',
  '',
  `${circumstances()}. \`npm run bench:live -- --subscribers ${subscribers}\`. Medians of ${changes} changes; the load and the upstream run on the same machine.`,
];
console.log(sections.join('\n'));
for (const name of chosen) {
  const section = (await parts[name]?.()) ?? '';
  sections.push('', section);
  console.log(`\n${section}`);
}
if (values.only === undefined) {
  const results = new URL('results/', import.meta.url);
  await mkdir(results, { recursive: true });
  await writeFile(new URL('live.md', results), `${sections.join('\n')}\n`);
}
