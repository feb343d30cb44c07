import { GatewayError } from '../../src/domain/gateway-error.ts';
import { isFinished, type Job } from '../../src/domain/job.ts';
import type { JobsView } from '../../src/live/look.ts';
import { guid } from './rows.ts';

/** A job in some state; unfinished unless said otherwise. */
export const job = (n: number, more: Partial<Job> = {}): Job => ({
  id: guid(n),
  name: `Job ${n}`,
  status: 'IN_PROGRESS',
  rawStatus: more.status ?? 'IN_PROGRESS',
  startedAt: new Date(Date.UTC(2026, 8, 14, 11)),
  finishedAt: null,
  source: null,
  destination: null,
  sourceSiteId: null,
  destinationSiteId: null,
  progress: null,
  error: null,
  partialSuccessCause: null,
  logsRecorded: 0,
  scheduleId: null,
  workflowId: null,
  extendedFields: null,
  observedAt: new Date(0),
  ...more,
});

export interface LiveUpstream extends JobsView {
  /** Puts a job, or a new state of it, upstream. */
  put(n: number, more?: Partial<Job>): void;
  remove(n: number): void;
  /** Every answer is made when the call comes, and given once this settles. */
  answer: () => Promise<void>;
  /** Every call throws what this gives, unless that is undefined. */
  failWith: (() => Error) | undefined;
  /** How far its clock is ahead of ours; learned of with its first answer. */
  skewMs: number;
  /** Ids that queries leave out although the jobs are there. */
  readonly omitted: Set<string>;
  /** Ids whose rows make no sense. */
  readonly unreadable: Set<string>;
  readonly calls: { readonly operation: 'byIds' | 'get' | 'queryRows'; readonly at: number }[];
}

interface Condition {
  readonly $in?: readonly string[];
  readonly $gte?: string;
}

const holds = (value: string | null, { $in, $gte }: Condition) =>
  value !== null && ($in === undefined || $in.includes(value)) && ($gte === undefined || value >= $gte);

/** An upstream in memory that understands just what the watchers ask, and remembers when they did. */
export const createLiveUpstream = (now: () => number): LiveUpstream => {
  const jobs = new Map<string, Job>();
  const calls: LiveUpstream['calls'] = [];
  let answers = 0;
  const called = (operation: 'byIds' | 'get' | 'queryRows') => {
    calls.push({ operation, at: now() });
    const error = upstream.failWith?.();
    if (error) throw error;
    answers += 1;
  };
  const seen = (found: Job): Job => ({ ...found, observedAt: new Date(now()) });
  const upstream: LiveUpstream = {
    answer: async () => {},
    failWith: undefined,
    skewMs: 0,
    toUpstreamTime: (instant) => instant + (answers > 0 ? upstream.skewMs : 0),
    omitted: new Set(),
    unreadable: new Set(),
    calls,
    put(n, more = {}) {
      const known = jobs.get(guid(n));
      const next = { ...(known ?? job(n)), ...more, ...(more.status ? { rawStatus: more.status } : {}) };
      const ended =
        isFinished(next) && next.finishedAt === null ? { finishedAt: new Date(now() + upstream.skewMs) } : {};
      jobs.set(guid(n), { ...next, ...ended });
    },
    remove: (n) => void jobs.delete(guid(n)),
    async byIds(ids) {
      called('byIds');
      const found = ids.flatMap((id) => (upstream.omitted.has(id) ? [] : (jobs.get(id) ?? [])));
      const odd = new GatewayError('UPSTREAM_INVALID_RESPONSE', 'odd');
      return new Map(found.map((each) => [each.id, upstream.unreadable.has(each.id) ? odd : seen(each)]));
    },
    async get(id) {
      called('get');
      const found = jobs.get(id);
      return found === undefined ? null : seen(found);
    },
    async queryRows({ filter }, { limit, cursor }) {
      called('queryRows');
      if (typeof filter !== 'object' || !Array.isArray(filter['$or']))
        throw new Error('not the query of a feed');
      const rows = [...jobs.values()].filter((each) =>
        (filter['$or'] as readonly Record<string, Condition>[]).some((condition) => {
          const { status, startedAt, finishedAt } = condition;
          return (
            (status && holds(each.status, status)) ||
            (startedAt && holds(each.startedAt?.toISOString() ?? null, startedAt)) ||
            (finishedAt && holds(each.finishedAt?.toISOString() ?? null, finishedAt))
          );
        }),
      );
      const odd = new GatewayError('UPSTREAM_INVALID_RESPONSE', 'odd');
      const shown = rows.filter(({ id }) => !upstream.omitted.has(id));
      shown.sort((one, other) => Number(one.startedAt) - Number(other.startedAt));
      const start = Number(cursor ?? 0);
      const end = start + limit;
      const answer = shown.slice(start, end).map((each) => ({
        id: each.id,
        value: upstream.unreadable.has(each.id) ? odd : seen(each),
      }));
      await upstream.answer();
      return { rows: answer, next: end < shown.length ? String(end) : null };
    },
  };
  return upstream;
};
