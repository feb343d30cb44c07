import { type FanOut, fanOut } from '../live/fan-out.ts';
import { startMovingUpstream } from '../live/moving-upstream.ts';
import { startGateway } from '../live/start-gateway.ts';
import { kbEach, mb, ms } from '../support/numbers.ts';
import type { Series } from './series.ts';

const counts = [10, 100, 1000, 10_000];
const changes = 7;

const measure = async (count: number): Promise<FanOut> => {
  const upstream = await startMovingUpstream(1);
  try {
    return await fanOut({
      name: String(count),
      startServer: () => startGateway(upstream.url),
      crowd: { count, ids: upstream.ids, documents: 'same', snapshots: true },
      changes,
      publish: (_server, current) => upstream.move(0, current),
    });
  } finally {
    upstream.close();
  }
};

/** What one change costs by the number of those who are told. */
export const measureSubscribers = async (): Promise<Series> => {
  const all: { readonly count: number; readonly told: FanOut }[] = [];
  for (const count of counts) all.push({ count, told: await measure(count) });
  const points = (of: (told: FanOut) => number) =>
    all.map(({ count, told }) => ({ size: count, cost: of(told) }));
  const panel = { xLabel: 'subscribers of one job', xScale: 'log', yScale: 'log' } as const;
  return {
    name: 'subscribers',
    title: 'Subscribers of the same',
    text: `So many WebSockets, each with one subscription to the same job by the same document, and one change of it after the other: medians of ${changes}. Time is from upstream's answer to the last who is told. The load and the upstream run on the same cores.`,
    head: ['Subscribers', 'Resident, idle', 'Kept', 'a subscriber', 'CPU of one change', 'Told to the last'],
    rows: all.map(({ count, told }) => [
      count.toLocaleString('en'),
      mb(told.residentBytes),
      mb(told.keptBytes),
      kbEach(count, told.keptBytes, { count: counts[0] ?? 0, bytes: all[0]?.told.keptBytes ?? 0 }),
      ms(told.cpu),
      ms(told.wall),
    ]),
    panels: [
      {
        ...panel,
        title: 'CPU of one change',
        yLabel: 'CPU ms',
        costs: [{ name: 'CPU', points: points(({ cpu }) => cpu), resolution: 5 }],
      },
      {
        ...panel,
        title: 'Time until the last is told',
        yLabel: 'ms',
        costs: [{ name: 'time', points: points(({ wall }) => wall), resolution: 10 }],
      },
      {
        ...panel,
        title: 'Memory of subscribers',
        yLabel: 'MB',
        costs: [
          {
            name: 'resident, idle',
            points: points(({ residentBytes }) => residentBytes / 1_000_000),
            resolution: 5,
          },
          {
            name: 'kept, garbage collected',
            points: points(({ keptBytes }) => keptBytes / 1_000_000),
            resolution: 2,
          },
        ],
      },
    ],
  };
};
