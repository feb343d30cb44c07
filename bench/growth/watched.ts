import { maxPageSize } from '../../src/domain/page.ts';
import { withCrowd } from '../live/crowd.ts';
import { startMovingUpstream } from '../live/moving-upstream.ts';
import { startGateway } from '../live/start-gateway.ts';
import { kbEach, mb, pause } from '../support/numbers.ts';
import type { Cost, Series } from './series.ts';

const counts = [10, 100, 1000, 10_000];
const perSocket = 100;
/** What polling may send in a minute, as shipped. */
const pollingShare = 100;

interface Setting {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** From the last snapshot until it is measured. */
  readonly restMs: number;
  readonly windowMs: number;
}

const shipped: Setting = {
  name: 'as shipped',
  // or those whose first look has to wait for the share would be sent away after half a minute
  env: { STALE_AFTER_MS: '180000' },
  // until it looks as seldom as it ever does
  restMs: 45_000,
  // what the polling share needs for one look at 10,000 jobs
  windowMs: 75_000,
};
/** What looking costs, without what bounds it and without its pauses. */
const everySecond: Setting = {
  name: 'each second, no allowance',
  env: { UPSTREAM_REQUESTS_PER_MINUTE: '1000000', POLL_MAX_MS: '1000' },
  restMs: 3000,
  windowMs: 12_000,
};
const settings = [shipped, everySecond];

interface Watched {
  readonly count: number;
  readonly setting: Setting;
  readonly settledMs: number;
  readonly residentBytes: number;
  /** Once garbage is collected. */
  readonly keptBytes: number;
  /** Of one core, 0 to 1. */
  readonly cpuShare: number;
  readonly callsPerMinute: number;
}

/** So many jobs, each watched by one, and none of them moves. */
const watch = async (
  count: number,
  setting: Setting,
  onSettled: () => Promise<void> = async () => undefined,
): Promise<Watched> => {
  const upstream = await startMovingUpstream(count);
  const crowd = { count, perSocket, ids: upstream.ids, documents: 'same', snapshots: true } as const;
  try {
    return await withCrowd(
      () => startGateway(upstream.url, { env: setting.env }),
      crowd,
      async ({ server, settledMs }) => {
        await onSettled();
        await pause(setting.restMs);
        const [before, callsBefore, from] = [await server.usage(), upstream.calls.length, performance.now()];
        await pause(setting.windowMs);
        const [after, calls] = [await server.usage(), upstream.calls.length - callsBefore];
        const elapsed = performance.now() - from;
        const { keptBytes } = await server.usageWithoutGarbage();
        return {
          count,
          setting,
          settledMs,
          residentBytes: after.residentBytes,
          keptBytes,
          cpuShare: (after.cpuMs - before.cpuMs) / elapsed,
          callsPerMinute: (calls / elapsed) * 60_000,
        };
      },
    );
  } finally {
    upstream.close();
  }
};

const seriesOf = (all: readonly Watched[]): Series => {
  const costs = (of: (watched: Watched) => number, more: (setting: Setting) => Partial<Cost>): Cost[] =>
    settings.map((setting) => ({
      name: setting.name,
      points: all
        .filter((watched) => watched.setting === setting)
        .map((watched) => ({ size: watched.count, cost: of(watched) })),
      ...more(setting),
    }));
  const fewestOf = (setting: Setting) => {
    const fewest = all.find((watched) => watched.setting === setting);
    return { count: fewest?.count ?? 0, bytes: fewest?.keptBytes ?? 0 };
  };
  const panel = { xLabel: 'watched jobs', xScale: 'log', yScale: 'log' } as const;
  return {
    name: 'watched',
    title: 'Watched jobs',
    text: `So many jobs of one caller, each watched by one subscription, ${perSocket} subscriptions a WebSocket; none of the jobs moves. As shipped the gateway looks at them ever more seldom (every 15 s after a minute), and never sends more than its polling share of ${pollingShare} calls a minute, so that more jobs are looked at less often (here STALE_AFTER_MS is longer, as the last of 10,000 who come at once would be told after half a minute that it takes too long). What a look costs shows in a gateway that looks each second and has an allowance without end. CPU and calls are those of ${shipped.windowMs / 1000} s and ${everySecond.windowMs / 1000} s.`,
    head: [
      'Watched jobs',
      'Setting',
      'CPU of a core',
      'Upstream calls a minute',
      'Resident',
      'Kept',
      'a job',
      'All snapshots after',
    ],
    rows: all.map(({ count, setting, cpuShare, callsPerMinute, residentBytes, keptBytes, settledMs }) => [
      count.toLocaleString('en'),
      setting.name,
      `${(cpuShare * 100).toFixed(1)} %`,
      callsPerMinute.toFixed(0),
      // the others have not rested until what their coming took is given back
      setting === shipped ? mb(residentBytes) : '',
      mb(keptBytes),
      kbEach(count, keptBytes, fewestOf(setting)),
      `${(settledMs / 1000).toFixed(1)} s`,
    ]),
    panels: [
      {
        ...panel,
        title: 'CPU while nothing moves',
        yLabel: '% of a core',
        costs: costs(
          ({ cpuShare }) => cpuShare * 100,
          () => ({ resolution: 0.5 }),
        ),
      },
      {
        ...panel,
        title: 'Calls to upstream',
        yLabel: 'calls a minute',
        // a call asks for up to a hundred: fewer take one as well
        costs: costs(
          ({ callsPerMinute }) => callsPerMinute,
          (setting) => ({ resolution: setting === shipped ? 5 : 60 }),
        ).map((cost) => ({ ...cost, points: cost.points.filter(({ size }) => size >= maxPageSize) })),
      },
      {
        ...panel,
        title: 'Memory of watched jobs',
        yLabel: 'MB, garbage collected',
        costs: costs(
          ({ keptBytes }) => keptBytes / 1_000_000,
          () => ({ resolution: 2 }),
        ),
      },
    ],
  };
};

/** What watching costs by the number of watched jobs. */
export const measureWatched = async (): Promise<Series> => {
  const { promise: allSettled, resolve } = Promise.withResolvers<void>();
  let missing = counts.length;
  const onSettled = () => {
    missing -= 1;
    if (missing === 0) resolve();
    return allSettled;
  };
  // they hardly do anything, so all of them can run while the others are measured one after the other
  const idle = Promise.all(counts.map((count) => watch(count, shipped, onSettled)));
  await Promise.race([allSettled, idle]);
  const busy: Watched[] = [];
  for (const count of counts) busy.push(await watch(count, everySecond));
  return seriesOf([...(await idle), ...busy]);
};
