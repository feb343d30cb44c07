import { createHash } from 'node:crypto';
import type { Reply, UpstreamCall } from './scripted-upstream.ts';

// biome-ignore lint/suspicious/noExplicitAny: a row is whatever upstream might send
export type Row = any;

/** The n-th GUID of a kind; the same every time. */
export const guid = (n: number, kind = 'job'): string => {
  const hex = createHash('sha256').update(`${kind} ${n}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
};

export const jobRow = (n: number, more: Row = {}): Row => ({
  id: guid(n),
  name: `Job ${n}`,
  status: 'COMPLETED',
  startedAt: new Date(Date.UTC(2026, 8, 14, 6, 0, n)).toISOString(),
  finishedAt: new Date(Date.UTC(2026, 8, 14, 7, 0, n)).toISOString(),
  source: { wixDataCollection: { collectionId: 'products' } },
  destination: { file: { format: 'CSV' } },
  logsRecorded: 0,
  ...more,
});

export const scheduleRow = (n: number): Row => ({
  id: guid(n, 'schedule'),
  name: `Schedule ${n}`,
  enabled: true,
  cronExpression: '0 2 * * *',
  workflow: { steps: [] },
});

export const jobRows = (count: number, more: (n: number) => Row = () => ({})): Row[] =>
  Array.from({ length: count }, (_, n) => jobRow(n, more(n)));

export const jobsPage = (jobs: readonly Row[], next: string | null = null): Reply => ({
  json: { jobs, pagingMetadata: { count: jobs.length, hasNext: next !== null, cursors: { next } } },
});

export const notFound: Reply = {
  status: 404,
  json: {
    message: 'No such job.',
    details: { applicationError: { code: 'NOT_FOUND', description: 'No such job.' } },
  },
};

/** The ids that a call asks for by `id $in` or by its path. */
export const askedIds = ({ operation, body, path }: UpstreamCall): string[] =>
  operation === 'GetJob' || operation === 'GetSyncJob'
    ? [decodeURIComponent(path.split('/').at(-1) ?? '')]
    : (body?.query?.filter?.id?.$in ?? []);

/** Answers job look-ups by id from rows, the last asked first. */
export const lookup =
  (rows: readonly Row[]) =>
  (call: UpstreamCall): Reply => {
    const found = askedIds(call)
      .map((id) => rows.find((row) => row.id === id))
      .filter((row) => row !== undefined);
    if (call.operation !== 'GetJob') return jobsPage(found.toReversed());
    return found.length === 0 ? notFound : { json: { job: found[0] } };
  };
