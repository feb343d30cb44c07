import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

export const startOfTest = Date.parse('2026-09-14T08:00:00.250Z');

/** Canonical and protobuf-wrapped spellings alike, as the contract asks of every client. */
const instant = z.union([
  z.string().transform((text) => Date.parse(text)),
  z
    .object({ seconds: z.coerce.number(), nanos: z.number() })
    .transform(({ seconds, nanos }) => seconds * 1000 + nanos / 1e6),
]);
const unwrap = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
const scalar = <T extends z.ZodType>(of: T) => z.preprocess(unwrap, of.nullable());
const ends = z.record(z.string(), z.looseObject({}));

export const job = z.looseObject({
  id: z.guid(),
  status: z.string(),
  name: z
    .string()
    .default('')
    .transform((name) => name || null),
  startedAt: instant,
  finishedAt: instant.nullable().default(null),
  scheduleId: scalar(z.string()).default(null),
  workflowId: scalar(z.string()).default(null),
  source: ends,
  destination: ends,
  progress: z
    .object({
      current: z.number(),
      total: scalar(z.number()),
      itemsSuccessful: z.number(),
      itemsRejected: z.number(),
    })
    .nullable()
    .default(null),
  error: z
    .object({ code: z.string(), description: z.string(), data: z.looseObject({}).nullable() })
    .nullable()
    .default(null),
  partiallySuccessfulOptions: z.object({ cause: z.string() }).optional(),
  logsRecorded: z.number(),
  extendedFields: z.object({ namespaces: ends }).optional(),
});

export type Job = z.infer<typeof job>;

const pagingMetadata = z.object({
  count: z.number(),
  cursors: z.object({ next: z.string().nullish(), prev: z.string().nullish() }),
  hasNext: z.boolean(),
});
const jobs = z.object({ jobs: z.array(job), pagingMetadata });
const failure = z.object({ code: z.string(), description: z.string(), data: z.unknown() });
const log = z.object({
  sourceItemId: z.string(),
  failure: failure.optional(),
  details: z.looseObject({}).optional(),
});
export const logs = z.object({ logs: z.array(log), pagingMetadata });
const syncJob = z.looseObject({
  id: z.guid(),
  revision: z.string(),
  enabled: z.boolean(),
  lastExecutionDate: z.iso.datetime(),
  nextExecutionDate: z.iso.datetime().optional(),
  lastWorkflowId: z.guid().optional(),
  lastJobId: z.guid().optional(),
});
export const errorBody = z.object({
  message: z.string(),
  details: z.object({
    applicationError: z.looseObject({ code: z.string() }).optional(),
    validationError: z
      .object({ fieldViolations: z.array(z.looseObject({ field: z.string(), description: z.string() })) })
      .optional(),
  }),
});

export const jobsPath = '/data-mover/v1/jobs';
export const syncJobsPath = '/data-move-scheduler/v1/sync-jobs';

export type Query = {
  readonly filter?: object;
  readonly sort?: readonly object[];
  readonly cursorPaging?: { readonly limit?: number; readonly cursor?: string };
};

export type OpenSandbox = Awaited<ReturnType<typeof openSandbox>>;

/** A sandbox with a clock of its own, and the calls a client makes. */
export const openSandbox = async (start = startOfTest) => {
  let time = start;
  const sandbox: Sandbox = await startSandbox({ now: () => time });
  onTestFinished(() => sandbox.close());

  const get = (path: string): Promise<Response> =>
    fetch(sandbox.url + path, { headers: { authorization: 'a token' } });
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(sandbox.url + path, {
      method: 'POST',
      headers: { authorization: 'a token', 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const query = async (request: Query) =>
    jobs.parse(await (await post(`${jobsPath}/query`, { query: request })).json());
  const errorOf = async (response: Response) => {
    const { details, message } = errorBody.parse(await response.json());
    return { status: response.status, message, ...details };
  };

  return {
    ...sandbox,
    get,
    post,
    query,
    errorOf,
    now: () => time,
    advance: (seconds: number) => {
      time += seconds * 1000;
    },
    job: async (id: string) => z.object({ job }).parse(await (await get(`${jobsPath}/${id}`)).json()).job,
    logs: async (id: string, parameters = '') =>
      logs.parse(await (await get(`${jobsPath}/${id}/logs?${parameters}`)).json()),
    schedules: async (parameters = 'fields=NEXT_SCHEDULE_EXECUTION') =>
      z
        .object({ syncJobs: z.array(syncJob) })
        .parse(await (await get(`${syncJobsPath}?${parameters}`)).json()).syncJobs,
    all: async (request: Pick<Query, 'filter' | 'sort'> = {}, limit = 100): Promise<Job[]> => {
      const found: Job[] = [];
      let page = await query({ ...request, cursorPaging: { limit } });
      found.push(...page.jobs);
      while (page.pagingMetadata.cursors.next) {
        page = await query({ cursorPaging: { limit, cursor: page.pagingMetadata.cursors.next } });
        found.push(...page.jobs);
      }
      return found;
    },
    refusal: async (request: unknown) => errorOf(await post(`${jobsPath}/query`, { query: request })),
  };
};

export const idsOf = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);
