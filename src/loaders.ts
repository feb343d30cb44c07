import DataLoader from 'dataloader';
import { GatewayError } from './domain/gateway-error.ts';
import { idKey, isGuid } from './domain/guid.ts';
import type { Job } from './domain/job.ts';
import { oldestFirst } from './domain/job-filter.ts';
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

/** The same, until something was written. */
export interface ForgetfulLoaders extends Loaders {
  /** What is read from now on is asked for anew. */
  forget(): void;
}

const createLoaders = (upstream: CallerUpstream, callerKey: string, telemetry: Telemetry): Loaders => {
  const { metrics, tracing } = telemetry;
  /** Measures the batches of a loader. One that fails is remembered as it failed: DataLoader would forget a rejection. */
  const batched =
    <Key, Value>(name: string, load: (keys: readonly Key[]) => Promise<Value[]>) =>
    (keys: readonly Key[]): Promise<(Value | Error)[]> => {
      metrics.batched(name, keys.length);
      return tracing
        .span(`batch ${name}`, { size: keys.length }, () => load(keys))
        .catch((error: unknown) =>
          keys.map(() => (error instanceof Error ? error : new Error(String(error)))),
        );
    };

  /** Jobs that came with pages, not looked up one by one: few operations ask for one of them as well. */
  const seen: (readonly Job[])[] = [];

  const loadJobs = async (ids: readonly string[]): Promise<(Job | Error | null)[]> => {
    const found = new Map<string, Job | Error>(seen.flat().map((job) => [idKey(job.id), job]));
    // an id that is no GUID is nobody's, and upstream would refuse the whole batch for it
    const missing = ids.filter((id) => isGuid(id) && !found.has(idKey(id)));
    if (missing.length > 0) {
      for (const [key, job] of await upstream.jobs.byIds(missing)) found.set(key, job);
    }
    return ids.map((id) => found.get(idKey(id)) ?? null);
  };
  const job = new DataLoader(batched('job', loadJobs), { maxBatchSize: maxPageSize, cacheKeyFn: idKey });

  let listed: ReturnType<typeof upstream.schedules.list> | undefined;
  const listSchedules = () => {
    listed ??= upstream.schedules.list();
    return listed;
  };
  let gotOne = false;
  const schedule = new DataLoader(
    batched('schedule', async (ids: readonly string[]): Promise<(SyncSchedule | Error | null)[]> => {
      const [only, ...others] = ids.filter(isGuid);
      if (only === undefined) return ids.map(() => null);
      // parts of an operation come to their schedules at different times: one by one they would be any number of calls
      if (others.length === 0 && listed === undefined && !gotOne) {
        gotOne = true;
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
      seen.push(found);
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

  /** The pages that were asked for, so that nothing is asked for twice where an answer is made anew. */
  const pages = new Map<string, Promise<Connection<Job>>>();

  return {
    job,
    schedule,
    workflowJobs,
    logs,
    async allSchedules() {
      return (await listSchedules()).map(readable);
    },
    jobs(query, page) {
      const key = JSON.stringify([query, page.first ?? null, page.after ?? null]);
      const asked = pages.get(key);
      if (asked !== undefined) return asked;
      const answer = connect(page, {
        codec: createCursorCodec(callerKey, ['jobs', query]),
        fetch: async (request) => {
          const answer = await upstream.jobs.query(query, request);
          seen.push(answer.rows);
          return answer;
        },
        idOf: (row) => row.id,
      });
      pages.set(key, answer);
      return answer;
    },
  };
};

/** The same, made when one is first used. A class: getters of an object literal are a hidden class for each operation. */
class LazyLoaders implements ForgetfulLoaders {
  readonly #create: () => Loaders;
  #created: Loaders | undefined;

  constructor(create: () => Loaders) {
    this.#create = create;
  }

  get #loaders(): Loaders {
    this.#created ??= this.#create();
    return this.#created;
  }

  get job() {
    return this.#loaders.job;
  }

  get schedule() {
    return this.#loaders.schedule;
  }

  get workflowJobs() {
    return this.#loaders.workflowJobs;
  }

  get logs() {
    return this.#loaders.logs;
  }

  allSchedules() {
    return this.#loaders.allSchedules();
  }

  jobs(query: JobQuery, page: ConnectionArguments) {
    return this.#loaders.jobs(query, page);
  }

  forget() {
    this.#created = undefined;
  }
}

export const createLazyLoaders = (
  upstream: CallerUpstream,
  callerKey: string,
  telemetry: Telemetry = noTelemetry,
): ForgetfulLoaders => new LazyLoaders(() => createLoaders(upstream, callerKey, telemetry));
