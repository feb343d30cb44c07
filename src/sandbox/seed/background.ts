import { fractionOf } from '../derived.ts';
import type { Ending, JobPlan } from '../jobs/job-plan.ts';
import { completed, destinationFull, invalidRow, limitRejections, serviceFailed } from './endings.ts';
import { collection, filtered, intoCollection, intoFile, translations, upload } from './endpoints.ts';
import { jobIdOf } from './ids.ts';
import { type JobTemplate, planJob } from './job-template.ts';
import { type Recurrence, timeOfRun } from './recurrence.ts';

type Range = readonly [least: number, most: number];

/** Jobs that keep beginning. The paces are such that each stream has a job IN_PROGRESS at any time. */
export type BackgroundStream = {
  readonly key: string;
  readonly everySeconds: number;
  /** When run 0 begins, after the start. */
  readonly firstSeconds: number;
  readonly past: number;
  readonly keep: number;
  readonly waitSeconds: number;
  readonly initializeSeconds: number;
  readonly moveSeconds: Range;
  readonly items: Range;
  readonly templates: readonly Pick<JobTemplate, 'name' | 'source' | 'destination' | 'totalUnknown'>[];
};

export const backgroundStreams: readonly BackgroundStream[] = [
  {
    key: 'quick',
    everySeconds: 20,
    firstSeconds: 8,
    past: 2,
    keep: 120,
    waitSeconds: 1,
    initializeSeconds: 2,
    moveSeconds: [21, 26],
    items: [300, 1800],
    templates: [
      {
        name: 'Import supplier price list',
        source: upload('price-list.csv'),
        destination: intoCollection('products'),
      },
      {
        name: 'Publish price changes',
        source: filtered('products', { changed: true }),
        destination: intoCollection('price-history', 'SKIP_EXISTING'),
      },
      {
        name: 'Export new orders',
        source: filtered('orders', { state: 'NEW' }),
        destination: intoFile('new-orders.csv'),
      },
      {
        name: 'Import opening hours',
        source: upload('opening-hours.jsonl', 'JSONL'),
        destination: intoCollection('shops'),
      },
      {
        name: 'Copy reviews to the archive',
        source: collection('reviews'),
        destination: intoCollection('old-reviews'),
      },
    ],
  },
  {
    key: 'medium',
    everySeconds: 60,
    firstSeconds: 25,
    past: 3,
    keep: 60,
    waitSeconds: 4,
    initializeSeconds: 8,
    moveSeconds: [62, 165],
    items: [1500, 9000],
    templates: [
      { name: 'Import members', source: upload('members.csv'), destination: intoCollection('members') },
      { name: 'Export translations', source: translations('en', 'de'), destination: intoFile('texts.csv') },
      {
        name: 'Merge inventory counts',
        source: filtered('inventory-counts', { closed: true }),
        destination: intoCollection('inventory'),
        totalUnknown: true,
      },
      { name: 'Import product texts', source: upload('texts-fr.csv'), destination: translations('en', 'fr') },
    ],
  },
  {
    key: 'slow',
    everySeconds: 300,
    firstSeconds: 140,
    past: 3,
    keep: 20,
    waitSeconds: 20,
    initializeSeconds: 60,
    moveSeconds: [640, 1100],
    items: [12_000, 60_000],
    templates: [
      {
        name: 'Full export of products',
        source: collection('products'),
        destination: intoFile('all-products.jsonl'),
      },
      {
        name: 'Rebuild search collection',
        source: collection('products'),
        destination: intoCollection('search'),
      },
      {
        name: 'Import order history',
        source: upload('history.jsonl', 'JSONL'),
        destination: intoCollection('orders'),
      },
    ],
  },
];

type Outcome = { readonly ending: Ending; readonly rejected: number };

/** How jobs end, in turn, with the share of items rejected. Eleven, so that every template meets every ending. */
const outcomes: readonly Outcome[] = [
  { ending: completed, rejected: 0 },
  { ending: completed, rejected: 0.01 },
  { ending: destinationFull, rejected: 0.07 },
  { ending: completed, rejected: 0 },
  { ending: completed, rejected: 0 },
  { ending: invalidRow, rejected: 0.02 },
  { ending: completed, rejected: 0 },
  { ending: completed, rejected: 0.005 },
  { ending: completed, rejected: 0 },
  { ending: serviceFailed, rejected: 0 },
  { ending: completed, rejected: 0 },
];

const within = ([least, most]: Range, fraction: number): number =>
  Math.round(least + (most - least) * fraction);

/** Negative runs count from the end of the list. */
const turn = <T>(list: readonly T[], run: number): T | undefined => list.at(run % list.length);

export const streamRecurrence = (stream: BackgroundStream, start: number): Recurrence => ({
  firstAt: start + stream.firstSeconds * 1000,
  everyMs: stream.everySeconds * 1000,
  past: stream.past,
  keep: stream.keep,
});

export const plansOfStream = (
  stream: BackgroundStream,
  recurrence: Recurrence,
  run: number,
): readonly JobPlan[] => {
  const template = turn(stream.templates, run);
  const outcome = turn(outcomes, run);
  if (template === undefined || outcome === undefined) return [];
  const id = jobIdOf(`${stream.key} ${run}`);
  const items = within(stream.items, fractionOf(`${id} items`));
  const plan = planJob(
    {
      ...template,
      waitSeconds: stream.waitSeconds,
      initializeSeconds: stream.initializeSeconds,
      moveSeconds: within(stream.moveSeconds, fractionOf(`${id} pace`)),
      items,
      logs: Math.min(100, Math.floor(items * outcome.rejected)),
      ending: outcome.ending,
      ...(outcome.ending === destinationFull && { rejections: limitRejections }),
    },
    { id, startedAt: timeOfRun(recurrence, run) },
  );
  return [plan];
};
