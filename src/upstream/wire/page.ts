import { z } from 'zod';
import { isJsonObject } from '../../domain/json.ts';
import { listOf, wrappedFlag, wrappedText } from './primitives.ts';

const pagingMetadata = z
  .object({ hasNext: wrappedFlag, cursors: z.object({ next: wrappedText }).nullish() })
  .nullish()
  .transform((paging) => (!paging || paging.hasNext === false ? null : (paging.cursors?.next ?? null)));

const rows = listOf(z.unknown());

/** Upstream leaves out what is empty, so `{}` is a page without rows; an object of anything else is no page. */
const page = <Shape extends z.ZodType>(member: string, shape: Shape) =>
  z.preprocess((body, context) => {
    const isPage =
      isJsonObject(body) && (member in body || 'pagingMetadata' in body || Object.keys(body).length === 0);
    if (!isPage) context.addIssue({ code: 'custom', message: `not a page of ${member}` });
    return body;
  }, shape);

export interface RawPage {
  /** Not decoded yet, so that one bad row need not spoil the others. */
  readonly rows: readonly unknown[];
  /** Where the next page begins; null when this is the last one. */
  readonly next: string | null;
}

/** A page of ListJobs or QueryJobs. */
export const jobsPage = page('jobs', z.object({ jobs: rows, pagingMetadata })).transform(
  ({ jobs, pagingMetadata }): RawPage => ({ rows: jobs, next: pagingMetadata }),
);

/** A page of ListMovementLogs. */
export const logsPage = page('logs', z.object({ logs: rows, pagingMetadata })).transform(
  ({ logs, pagingMetadata }): RawPage => ({ rows: logs, next: pagingMetadata }),
);

/** All sync schedules: upstream sends them without pages. */
export const syncJobsList = page('syncJobs', z.object({ syncJobs: rows })).transform(
  ({ syncJobs }) => syncJobs,
);
