import { completed, serviceFailed } from './endings.ts';
import { collection, filtered, intoCollection, intoFile, toOutletSite } from './endpoints.ts';
import type { ScheduleScript } from './schedule-script.ts';
import { hours, minutes } from './spans.ts';

/** Schedules that run several times a day. */
export const frequentSchedules: readonly ScheduleScript[] = [
  {
    key: 'stock-levels',
    name: 'Stock levels to the outlet site',
    revision: 5,
    form: 'workflow',
    cronExpression: '*/10 * * * *',
    everyMs: minutes(10),
    offsetMs: 0,
    pastRuns: 3,
    steps: [
      {
        name: 'Stock levels to the outlet site',
        source: filtered('inventory', { warehouse: 'ROTTERDAM' }),
        destination: intoCollection('inventory', 'TRUNCATE_BEFORE'),
        otherSite: toOutletSite,
        moveSeconds: 75,
        items: 4200,
        logs: 3,
      },
    ],
  },
  {
    key: 'inventory-audit',
    name: 'Inventory audit',
    revision: 1,
    form: 'workflow',
    cronExpression: '*/30 * * * *',
    everyMs: minutes(30),
    offsetMs: 0,
    pastRuns: 2,
    steps: [
      {
        name: 'Inventory audit',
        source: filtered('inventory', { counted: { $exists: false } }),
        destination: intoCollection('inventory-audit'),
        shape: 'defaults',
        moveSeconds: 66,
        items: 731,
      },
    ],
  },
  {
    key: 'reviews-digest',
    name: 'Hourly digest of new reviews',
    revision: 2,
    form: 'flat',
    cronExpression: '5 * * * *',
    everyMs: hours(1),
    offsetMs: minutes(5),
    pastRuns: 3,
    steps: [
      {
        name: 'Hourly digest of new reviews',
        source: collection('reviews', { filter: { published: true }, fields: [] }),
        destination: intoCollection('reviews-digest'),
        moveSeconds: 22,
        items: 164,
      },
    ],
  },
  {
    key: 'loyalty-points',
    name: 'Loyalty points',
    revision: 15,
    form: 'workflow',
    cronExpression: '0 */2 * * *',
    everyMs: hours(2),
    offsetMs: 0,
    pastRuns: 2,
    steps: [
      {
        name: 'Loyalty points',
        source: collection('orders'),
        destination: intoCollection('loyalty'),
        shape: 'wrapped',
        moveSeconds: 58,
        items: 1960,
        logs: 7,
        endings: [completed, serviceFailed],
      },
    ],
  },
  {
    key: 'product-feed',
    name: 'Product feed for price comparison',
    revision: 22,
    form: 'workflow',
    cronExpression: '0 */4 * * *',
    everyMs: hours(4),
    offsetMs: 0,
    pastRuns: 2,
    steps: [
      {
        name: 'Product feed for price comparison',
        source: filtered('products', { visible: true }, '_id', 'title', 'price'),
        destination: intoFile('feed.csv'),
        moveSeconds: 31,
        items: 4870,
      },
    ],
  },
  {
    key: 'newsletter',
    name: 'Newsletter subscribers',
    revision: 3,
    form: 'workflow',
    cronExpression: '15 */6 * * *',
    everyMs: hours(6),
    offsetMs: minutes(15),
    pastRuns: 2,
    steps: [
      {
        name: 'Newsletter subscribers',
        source: filtered('members', { newsletter: true }, '_id', 'email'),
        destination: intoCollection('newsletter'),
        moveSeconds: 48,
        items: 3911,
        logs: 11,
      },
    ],
  },
];
