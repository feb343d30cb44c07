import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { type JobFilter, oldestFirst } from '../domain/job-filter.ts';
import { maxPageSize } from '../domain/page.ts';
import { allPages } from '../paging/all-pages.ts';
import { compileJobQuery } from '../upstream/job-query.ts';
import type { JobsApi } from '../upstream/jobs-api.ts';
import type { FeedLook } from './feed-reader.ts';
import { mayPass } from './patience.ts';

/** A job that a query leaves out is asked for by itself before it counts as gone; so many in one look. */
const maxConfirmations = 10;

export interface Looked {
  readonly found: readonly Job[];
  /** Ids that upstream confirmed not to have. */
  readonly gone: readonly string[];
  /** Ids of which this look learned nothing, and why. */
  readonly failed: ReadonlyMap<string, GatewayError>;
  /** Calls that failed as a whole. A row that cannot be read fails for itself only. */
  readonly failures: readonly GatewayError[];
}

export const nothing: Looked = { found: [], gone: [], failed: new Map(), failures: [] };

export interface JobsView extends Pick<JobsApi, 'byIds' | 'get' | 'queryRows'> {
  /** An instant of ours on upstream's clock, or earlier. */
  toUpstreamTime(instant: number): number;
}

/** The same, telling of each call; `calls` counts them. */
export const countCalls = (view: JobsView, onCall: () => void): JobsView & { readonly calls: number } => {
  let calls = 0;
  const counted =
    <Args extends unknown[], Answer>(call: (...args: Args) => Answer) =>
    (...args: Args): Answer => {
      calls += 1;
      onCall();
      return call(...args);
    };
  return {
    byIds: counted(view.byIds),
    get: counted(view.get),
    queryRows: counted(view.queryRows),
    toUpstreamTime: view.toUpstreamTime,
    get calls() {
      return calls;
    },
  };
};

const asGatewayError = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  throw error;
};

const chunks = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / maxPageSize) }, (_, n) =>
    items.slice(n * maxPageSize, (n + 1) * maxPageSize),
  );

/** So many announced jobs are asked for one by one: a GET has the last word, while a query may lag behind. */
const fewAnnounced = 3;

export interface Announced {
  /** True for a job that readers follow; any other may well be none of the caller's. */
  readonly isFollowed: (id: string) => boolean;
}

/**
 * The present state of jobs: one call per 100 ids, and one GET for each that was left out. Of jobs that were announced
 * and nobody follows, it only tells those that are there.
 */
export const lookAt = async (
  jobs: JobsView,
  ids: readonly string[],
  announced?: Announced,
): Promise<Looked> => {
  const found: Job[] = [];
  const gone: string[] = [];
  const failed = new Map<string, GatewayError>();
  const failures: GatewayError[] = [];
  const missing: string[] = [];
  const isFollowed = announced?.isFollowed ?? (() => true);

  const askTogether = async (some: readonly string[]) => {
    const answer = await jobs.byIds(some).catch(asGatewayError);
    if (answer instanceof GatewayError) failures.push(answer);
    for (const id of some) {
      const seen = answer instanceof GatewayError ? answer : answer.get(idKey(id));
      if (seen === undefined) missing.push(id);
      else if (seen instanceof GatewayError) failed.set(id, seen);
      else found.push(seen);
    }
  };
  const confirm = async (id: string) => {
    const seen = await jobs.get(id).catch(asGatewayError);
    if (seen === null) {
      if (isFollowed(id)) gone.push(id);
    } else if (seen instanceof GatewayError) {
      // to be denied a job of others says nothing about one's own
      if (!isFollowed(id) && !mayPass(seen)) return;
      failed.set(id, seen);
      failures.push(seen);
    } else {
      found.push(seen);
    }
  };

  if (announced !== undefined && ids.length <= fewAnnounced) {
    await Promise.all(ids.map(confirm));
  } else {
    await Promise.all(chunks(ids).map(askTogether));
    await Promise.all(missing.filter(isFollowed).slice(0, maxConfirmations).map(confirm));
  }
  return { found, gone, failed, failures };
};

/** A `since` of long ago may not spend what all the caller's watches live on. */
const maxFeedPages = 10;

/** Every row of a feed's query, and the ids of those that cannot be read. */
export const lookFor = async (jobs: JobsView, filter: JobFilter, startedAt: number): Promise<FeedLook> => {
  const query = compileJobQuery(filter, oldestFirst);
  const rows: Job[] = [];
  const unreadable: string[] = [];
  for (const { id, value } of await allPages((page) => jobs.queryRows(query, page), maxFeedPages)) {
    if (!(value instanceof GatewayError)) rows.push(value);
    else if (id !== null) unreadable.push(id);
  }
  return { rows, unreadable, startedAt };
};
