import { destinationFull, invalidRow, limitRejections } from './endings.ts';
import { collection, filtered, intoCollection, intoFile, toArchiveSite, upload } from './endpoints.ts';
import { workflowIdOf } from './ids.ts';
import type { OneOffJob } from './one-off-jobs.ts';
import { hours, minutes } from './spans.ts';

const archiveRun = { ago: hours(2), workflowId: workflowIdOf('archive', 0), otherSite: toArchiveSite };
const dayInSeconds = 86_400;

/** What has not ended when the sandbox starts. */
export const unfinishedJobs: readonly OneOffJob[] = [
  {
    ...archiveRun,
    key: 'archive-orders',
    name: 'Archive order history',
    source: filtered('orders', { placedOn: { $lt: { $date: '2025-01-01T00:00:00.000Z' } } }),
    destination: intoCollection('orders'),
    moveSeconds: dayInSeconds,
    items: 432_000,
    logs: 48,
  },
  {
    ...archiveRun,
    key: 'archive-reviews',
    ago: archiveRun.ago - 250,
    name: 'Archive reviews',
    source: filtered('reviews', { writtenOn: { $lt: { $date: '2025-01-01T00:00:00.000Z' } } }),
    destination: intoCollection('reviews'),
    waitSeconds: dayInSeconds + 5,
    moveSeconds: 1800,
    items: 21_400,
  },
  {
    ...archiveRun,
    key: 'archive-members',
    ago: archiveRun.ago - 500,
    name: 'Archive former members',
    source: collection('members', { filter: { left: true } }),
    destination: intoCollection('members'),
    shape: 'defaults',
    waitSeconds: dayInSeconds + 1810,
    moveSeconds: 900,
    items: 3300,
  },
  {
    key: 'old-shop-members',
    ago: minutes(4),
    name: 'Import members of the old shop',
    source: upload('old-shop-members.csv'),
    destination: intoCollection('members', 'SKIP_EXISTING'),
    initializeSeconds: 3 * 3600 + 240,
    moveSeconds: 1200,
    items: 18_250,
    logs: 260,
    ending: destinationFull,
    rejections: limitRejections,
  },
  {
    key: 'soon-failing',
    ago: 30_000,
    name: 'Import supplier stock list',
    source: upload('stock-list.csv'),
    destination: intoCollection('inventory'),
    moveSeconds: 67,
    items: 3210,
    logs: 12,
    ending: invalidRow,
  },
  {
    key: 'soon-partial',
    ago: 45_000,
    name: 'Import winter products',
    source: upload('winter-products.jsonl', 'JSONL'),
    destination: intoCollection('products', 'SKIP_EXISTING'),
    moveSeconds: 112,
    items: 5600,
    logs: 84,
    ending: destinationFull,
    rejections: limitRejections,
  },
  {
    key: 'wrapped-running',
    ago: minutes(20),
    name: 'Copy media descriptions',
    source: filtered('media', { described: false }),
    destination: intoFile('descriptions.csv'),
    shape: 'wrapped',
    moveSeconds: 6 * 3600,
    items: 54_000,
    logs: 9,
  },
];
