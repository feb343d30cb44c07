import { failed } from './endings.ts';
import { collection, filtered, intoCollection } from './endpoints.ts';
import type { ScheduleScript } from './schedule-script.ts';
import { days, hours } from './spans.ts';

/** Schedules that no longer run; their last jobs are still there. */
export const disabledSchedules: readonly ScheduleScript[] = [
  {
    key: 'abandoned-carts',
    name: 'Abandoned carts to the CRM',
    revision: 18,
    form: 'workflow',
    cronExpression: '0 */12 * * *',
    everyMs: hours(12),
    offsetMs: 0,
    pastRuns: 2,
    disabledForMs: days(9),
    steps: [
      {
        name: 'Abandoned carts to the CRM',
        source: filtered('carts', { state: 'ABANDONED' }),
        destination: intoCollection('crm-contacts'),
        moveSeconds: 12,
        items: 340,
        ending: failed('WDE0110', 'Wix Data is not enabled on the site.', { collectionId: 'crm-contacts' }),
      },
    ],
  },
  {
    key: 'old-price-list',
    name: 'Old price list',
    revision: 40,
    form: 'flat',
    cronExpression: '0 5 * * *',
    everyMs: days(1),
    offsetMs: hours(5),
    pastRuns: 2,
    disabledForMs: days(11),
    steps: [
      {
        name: 'Old price list',
        source: collection('supplier-prices', { filter: { list: 'B' } }),
        destination: intoCollection('products'),
        shape: 'wrapped',
        moveSeconds: 80,
        items: 2044,
        logs: 5,
      },
    ],
  },
];
