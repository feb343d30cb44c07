import { parseArgs } from 'node:util';
import { startChaoticUpstream } from './chaos/chaotic-upstream.ts';
import { type ClientOptions, query, submit, watch } from './chaos/clients.ts';
import { startChild } from './support/child.ts';

/**
 * Mixed queries, writes and subscriptions over an upstream that resets, stalls, rate-limits and lies. Afterwards:
 * no wrong answer, no duplicate job, no missed end, memory flat, budget never exceeded; exit code 1 otherwise.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
});
const owners = ['alice', 'bob', 'carol', 'dave'];
const watchersEach = 10;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The same numbers for the same seed (mulberry32). */
const createRandom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const random = createRandom(Number(values.seed));
const upstream = await startChaoticUpstream(random);
const gateway = await startChild('live/gateway', {
  // what is kept by mistake ends the run
  flags: ['--max-old-space-size=128'],
  env: { WIX_API_URL: upstream.url, UPSTREAM_TIMEOUT_MS: '3000', POLL_MAX_MS: '5000' },
});
const counts = new Map<string, number>();
const wrong = new Map<string, number>();
const add = (to: Map<string, number>, what: string) => void to.set(what, (to.get(what) ?? 0) + 1);
let isOver = false;

// there is always something that runs
const beginning = setInterval(() => {
  for (const owner of owners) upstream.begin(owner, `nightly ${Date.now()}`);
}, 2_000);

const clients = owners.flatMap((owner) => {
  const options: ClientOptions = {
    url: gateway.ready.url,
    owner,
    upstream,
    random,
    findings: { wrong: (what) => add(wrong, what), count: (what) => add(counts, what) },
    isOver: () => isOver,
  };
  return [
    query(options),
    query(options),
    submit(options),
    ...Array.from({ length: watchersEach }, () => watch(options)),
  ];
});

const totalMs = Number(values.minutes) * 60_000;
const memory: number[] = [];
for (let elapsed = 0; elapsed < totalMs; elapsed += 15_000) {
  await pause(15_000);
  const { residentBytes } = await gateway.usage();
  memory.push(Math.round(residentBytes / 1_000_000));
  process.stdout.write(
    `${(elapsed + 15_000) / 1000} s: ${memory.at(-1)} MB, ${upstream.calls} calls, most in a minute ${upstream.mostInAMinute}, wrong ${[...wrong.values()].reduce((sum, each) => sum + each, 0)}\n`,
  );
}
upstream.calmDown();
isOver = true;
clearInterval(beginning);
await Promise.all(clients);

const lines = (title: string, entries: Map<string, number>) =>
  [title, ...[...entries].toSorted().map(([what, count]) => `  ${count} ${what}`)].join('\n');
process.stdout.write(`${lines('Seen', counts)}\n${lines('Wrong', wrong)}\n`);
process.stdout.write(
  `Most calls of a caller in any 60 s: ${upstream.mostInAMinute} of 200\nResident, MB: ${memory.join(' ')}\n`,
);
upstream.close();
await gateway.stop();
process.exitCode = wrong.size === 0 && upstream.mostInAMinute <= 200 ? 0 : 1;
