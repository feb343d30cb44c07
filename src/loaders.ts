import DataLoader from 'dataloader';
import { GatewayError } from './domain/gateway-error.ts';
import { idKey, isGuid } from './domain/guid.ts';
import type { Job } from './domain/job.ts';
import { oldestFirst } from './domain/job-filter.ts';
import { lazily } from './domain/lazily.ts';
import type { MovementLog } from './domain/movement-log.ts';
import { maxPageSize } from './domain/page.ts';
import type { SyncSchedule } from './domain/sync-schedule.ts';
import { allPages } from './paging/all-pages.ts';
import { type Connection, type ConnectionArguments, connect } from './paging/connection.ts';
import { createCursorCodec } from './paging/cursor.ts';
import { noTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { readable } from './upstream/decode.ts';
import { compileJobQuery, type JobQuery } from './upstream/job-query.ts';
import type { CallerUpstream } from './upstream/upstream.ts';

export interface LogsKey extends ConnectionArguments {
  readonly jobId: string;
}

/** Batches and remembers what one operation asks of upstream. Never outlives the operation or its caller. */
export interface Loaders {
  readonly job: DataLoader<string, Job | null>;
  readonly schedule: DataLoader<string, SyncSchedule | null>;
  /** Every job of a workflow, oldest first. */
  readonly workflowJobs: DataLoader<string, readonly Job[]>;
  readonly logs: DataLoader<LogsKey, Connection<MovementLog>, string>;
  /** Every schedule of the site, asked for once. */
  allSchedules(): Promise<readonly SyncSchedule[]>;
  jobs(query: JobQuery, page: ConnectionArguments): Promise<Connection<Job>>;
}

const createLoaders = (upstream: CallerUpstream, callerKey: string, telemetry: Telemetry): Loaders => {
  const { metrics, tracing } = telemetry;
  /** Measures the batches of a loader. */
  const batched =
    <Key, Value>(name: string, load: (keys: readonly Key[]) => Promise<Value[]>) =>
    (keys: readonly Key[]): Promise<Value[]> => {
      metrics.batched(name, keys.length);
      return tracing.span(`batch ${name}`, { size: keys.length }, () => load(keys));
    };

  const loadJobs = async (ids: readonly string[]): Promise<(Job | Error | null)[]> => {
    // an id that is no GUID is nobody's, and upstream would refuse the whole batch for it
    const guids = ids.filter(isGuid);
    if (guids.length === 0) return ids.map(() => null);
    const found = await upstream.jobs.byIds(guids);
    return ids.map((id) => found.get(idKey(id)) ?? null);
  };
  const job = new DataLoader(batched('job', loadJobs), { maxBatchSize: maxPageSize, cacheKeyFn: idKey });
  const remember = (jobs: readonly Job[]) => {
    for (const each of jobs) job.prime(each.id, each);
  };

  let listed: ReturnType<typeof upstream.schedules.list> | undefined;
  const listSchedules = () => {
    listed ??= upstream.schedules.list();
    return listed;
  };
  const schedule = new DataLoader(
    batched('schedule', async (ids: readonly string[]): Promise<(SyncSchedule | Error | null)[]> => {
      const [only, ...others] = ids.filter(isGuid);
      if (only === undefined) return ids.map(() => null);
      if (others.length === 0 && listed === undefined) {
        const found = await upstream.schedules.get(only);
        return ids.map((id) => (id === only ? found : null));
      }
      const rows = await listSchedules();
      const byId = new Map(rows.map(({ id, value }) => [id === null ? null : idKey(id), value]));
      return ids.map((id) => byId.get(idKey(id)) ?? null);
    }),
    { cacheKeyFn: idKey },
  );

  const workflowJobs = new DataLoader(
    batched('workflow_jobs', async (workflowIds: readonly string[]): Promise<(readonly Job[])[]> => {
      const query = compileJobQuery({ workflowId: { in: workflowIds } }, oldestFirst);
      const found = await allPages((page) => upstream.jobs.query(query, page));
      remember(found);
      // the order is part of the graph's promise, so it is not left to upstream
      const rows = [...new Map(found.map((row) => [row.id, row])).values()].sort(
        (one, other) =>
          (one.startedAt?.getTime() ?? 0) - (other.startedAt?.getTime() ?? 0) || (one.id < other.id ? -1 : 1),
      );
      const groups = Map.groupBy(rows, (row) => (row.workflowId === null ? null : idKey(row.workflowId)));
      return workflowIds.map((id) => groups.get(idKey(id)) ?? []);
    }),
    { maxBatchSize: maxPageSize, cacheKeyFn: idKey },
  );

  const logs = new DataLoader(
    batched(
      'logs',
      (keys: readonly LogsKey[]): Promise<(Connection<MovementLog> | Error)[]> =>
        Promise.all(
          keys.map(({ jobId, first, after }) =>
            connect(
              { first, after },
              {
                codec: createCursorCodec(callerKey, ['logs', jobId]),
                fetch: (page) => upstream.jobs.logs(jobId, page),
                idOf: () => null,
              },
            ).catch((error: unknown) => {
              if (error instanceof GatewayError) return error;
              throw error;
            }),
          ),
        ),
    ),
    { cacheKeyFn: ({ jobId, first, after }) => JSON.stringify([jobId, first, after]) },
  );

  return {
    job,
    schedule,
    workflowJobs,
    logs,
    async allSchedules() {
      return (await listSchedules()).map(readable);
    },
    jobs: (query, page) =>
      connect(page, {
        codec: createCursorCodec(callerKey, ['jobs', query]),
        fetch: async (request) => {
          const answer = await upstream.jobs.query(query, request);
          remember(answer.rows);
          return answer;
        },
        idOf: (row) => row.id,
      }),
  };
};

/** The same, made when one is first used. */
export const createLazyLoaders = (
  upstream: CallerUpstream,
  callerKey: string,
  telemetry: Telemetry = noTelemetry,
): Loaders => {
  const loaders = lazily(() => createLoaders(upstream, callerKey, telemetry));
  return {
    get job() {
      return loaders().job;
    },
    get schedule() {
      return loaders().schedule;
    },
    get workflowJobs() {
      return loaders().workflowJobs;
    },
    get logs() {
      return loaders().logs;
    },
    allSchedules: () => loaders().allSchedules(),
    jobs: (query, page) => loaders().jobs(query, page),
  };
};
