import { createHash } from 'node:crypto';

/** The site that all benches of requests ask about: the rows as REST shows them. The same in every process. */
export interface JobRow {
  readonly id: string;
  readonly status: string;
  readonly scheduleId: string;
  readonly [field: string]: unknown;
}

export interface ScheduleRow {
  readonly id: string;
  readonly [field: string]: unknown;
}

export interface Site {
  /** Newest first. */
  readonly jobs: readonly JobRow[];
  readonly schedules: readonly ScheduleRow[];
}

const guidOf = (name: string): string =>
  createHash('sha256')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

const newest = Date.UTC(2026, 10, 23, 12, 0, 0, 412);
const at = (minutesAgo: number) => new Date(newest - minutesAgo * 60_000).toISOString();

const scheduleRow = (n: number): ScheduleRow => ({
  id: guidOf(`schedule ${n}`),
  revision: String(n + 1),
  name: `Every night at ${n}`,
  enabled: n % 4 !== 3,
  cronExpression: `${n * 5} ${n} * * *`,
  lastExecutionDate: at(n * 7),
  workflow: {
    steps: [
      {
        source: { wixDataCollection: { collectionId: `stock-${n}`, fields: [] } },
        destination: { file: { format: 'CSV', fileName: `stock-${n}.csv`, url: '' } },
      },
    ],
  },
});

const endings = {
  COMPLETED: (n: number) => ({ finishedAt: at(n * 3 - 1) }),
  IN_PROGRESS: () => ({}),
  FAILED: (n: number) => ({
    finishedAt: at(n * 3 - 2),
    error: { code: 'WDH0003', description: 'The uploaded file is neither CSV nor JSONL.', data: { line: n } },
  }),
  PARTIALLY_SUCCESSFUL: (n: number) => ({
    finishedAt: at(n * 3 - 1),
    partiallySuccessfulOptions: { cause: `The collection holds no more than ${n * 100} items.` },
  }),
};
const statuses = [
  'COMPLETED',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'COMPLETED',
  'PARTIALLY_SUCCESSFUL',
] as const;

const jobRow = (n: number, scheduleId: string): JobRow => {
  const status = statuses[n % statuses.length] ?? 'COMPLETED';
  const total = 1000 + n * 17;
  return {
    id: guidOf(`job ${n}`),
    name: n % 5 === 0 ? `Export “products” nº ${n}` : `Nightly export of products, part ${n}`,
    status,
    startedAt: at(n * 3),
    source: {
      wixDataCollection: {
        collectionId: `products-${n % 7}`,
        filterQuery: { filter: { price: { $gt: n }, inStock: true }, fields: ['_id', 'name', 'price'] },
      },
    },
    destination: {
      file: { format: 'CSV', fileName: `products-${n}.csv`, url: `https://files.example.com/${n}.csv` },
    },
    progress: { current: total - n, total, itemsSuccessful: total - n - 3, itemsRejected: 3 },
    logsRecorded: 3,
    scheduleId,
    ...endings[status](n),
  };
};

export const createSite = (jobs = 500, schedules = 10): Site => {
  const scheduleRows = Array.from({ length: schedules }, (_, n) => scheduleRow(n));
  return {
    jobs: Array.from({ length: jobs }, (_, n) => jobRow(n, scheduleRows[n % schedules]?.id ?? '')),
    schedules: scheduleRows,
  };
};
