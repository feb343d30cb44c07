import { z } from 'zod';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import type { MovementLog } from '../domain/movement-log.ts';
import type { NewJob } from '../domain/new-job.ts';
import { maxPageSize, type Page, type PageRequest } from '../domain/page.ts';
import type { Log } from '../telemetry/log.ts';
import { decode } from './decode.ts';
import type { Operation, UpstreamAnswer, UpstreamRequest } from './http.ts';
import { job as jobSchema } from './wire/job.ts';
import type { JobQuery } from './wire/job-query.ts';
import { movementLog } from './wire/movement-log.ts';
import { newJobToWire } from './wire/new-job.ts';
import { jobsPage, logsPage, type RawPage } from './wire/page.ts';

const prefix = '/data-mover/v1/jobs';

/** A call in the name of one caller. */
export type Call = (request: UpstreamRequest) => Promise<UpstreamAnswer>;

/** What was found per id, in lower case. A row that could not be read is an error for its own id only. */
export type JobsById = ReadonlyMap<string, Job | GatewayError>;

export interface JobsApi {
  /** GetJob; null when upstream has no such job. */
  get(id: string): Promise<Job | null>;
  /** QueryJobs with `id $in`: at most 100 ids, one call unless upstream splits its answer. */
  byIds(ids: readonly string[]): Promise<JobsById>;
  /** ListJobs: every job of the site by ascending id. */
  list(page: PageRequest): Promise<Page<Job>>;
  /** QueryJobs. */
  query(query: JobQuery, page: PageRequest): Promise<Page<Job>>;
  /** ListMovementLogs. */
  logs(jobId: string, page: PageRequest): Promise<Page<MovementLog>>;
  /** SubmitJob. Every call makes a job: upstream knows no repetition. */
  submit(job: NewJob): Promise<Job>;
  /** TerminateJob. Fails with the 404 of a job that is not there. */
  terminate(id: string): Promise<Job>;
  /** CreateFileUploadUrl. */
  createUploadUrl(fileName: string | null): Promise<UploadUrl>;
}

export interface UploadUrl {
  readonly fileId: string;
  readonly uploadUrl: string;
  /** When it was asked for. */
  readonly createdAt: Date;
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'UPSTREAM_REJECTED' && error.upstream?.status === 404;

const jobAnswer = z.object({ job: jobSchema });
const uploadUrlAnswer = z.object({ fileId: z.string().min(1), uploadUrl: z.string().min(1) });

/** A published sample shows the job without its wrapper. */
const isUnwrapped = (body: unknown): boolean =>
  isJsonObject(body) && !('job' in body) && 'id' in body && 'status' in body;

const rowId = z.object({ id: z.string() });

const pagingQuery = ({ limit, cursor }: PageRequest): string =>
  `paging.limit=${limit}${cursor === null ? '' : `&paging.cursor=${encodeURIComponent(cursor)}`}`;

export const createJobsApi = (call: Call, log: Log): JobsApi => {
  const decodeJob = (operation: Operation, answer: UpstreamAnswer, row: unknown): Job => ({
    ...decode(jobSchema, operation, { ...answer, body: row }),
    observedAt: answer.observedAt,
  });

  const readJob = (operation: Operation, answer: UpstreamAnswer): Job => {
    if (!isUnwrapped(answer.body)) {
      return { ...decode(jobAnswer, operation, answer).job, observedAt: answer.observedAt };
    }
    log.info({ operation, requestId: answer.requestId }, 'upstream sent a job without its wrapper');
    return decodeJob(operation, answer, answer.body);
  };

  const queryRows = async (
    filter: JsonObject,
    sort: readonly JsonObject[],
    { limit, cursor }: PageRequest,
  ) => {
    // the cursor carries filter and sort; upstream wants neither beside it
    const query =
      cursor === null
        ? { filter, ...(sort.length === 0 ? {} : { sort }), cursorPaging: { limit } }
        : { cursorPaging: { limit, cursor } };
    const answer = await call({
      operation: 'QueryJobs',
      method: 'POST',
      path: `${prefix}/query`,
      body: { query },
    });
    return { answer, page: decode(jobsPage, 'QueryJobs', answer) };
  };

  const decodeRows = (operation: Operation, answer: UpstreamAnswer, page: RawPage): Page<Job> => ({
    rows: page.rows.map((row) => decodeJob(operation, answer, row)),
    next: page.next,
  });

  const get = async (id: string): Promise<Job | null> => {
    try {
      const answer = await call({
        operation: 'GetJob',
        method: 'GET',
        path: `${prefix}/${encodeURIComponent(id)}`,
      });
      if (!isUnwrapped(answer.body)) {
        return { ...decode(jobAnswer, 'GetJob', answer).job, observedAt: answer.observedAt };
      }
      log.info(
        { operation: 'GetJob', requestId: answer.requestId },
        'upstream sent a job without its wrapper',
      );
      return decodeJob('GetJob', answer, answer.body);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  };

  return {
    get,

    async byIds(ids) {
      const found = new Map<string, Job | GatewayError>();
      let cursor: string | null = null;
      let before: number;
      do {
        before = found.size;
        const filter = { id: { $in: ids } };
        const { answer, page } = await queryRows(filter, [], { limit: maxPageSize, cursor });
        for (const row of page.rows) {
          const id = rowId.safeParse(row).data?.id.toLowerCase();
          if (id === undefined) continue;
          try {
            found.set(id, decodeJob('QueryJobs', answer, row));
          } catch (error) {
            if (!(error instanceof GatewayError)) throw error;
            found.set(id, error);
          }
        }
        cursor = page.next;
        // upstream may split its answer; a page that brings nothing new ends it, whatever upstream says
      } while (cursor !== null && found.size < ids.length && found.size > before);
      return found;
    },

    async list(page) {
      const answer = await call({
        operation: 'ListJobs',
        method: 'GET',
        path: `${prefix}?${pagingQuery(page)}`,
      });
      return decodeRows('ListJobs', answer, decode(jobsPage, 'ListJobs', answer));
    },

    async query({ filter, sort }, request) {
      if (filter === 'none') return { rows: [], next: null };
      const { answer, page } = await queryRows(filter === 'all' ? {} : filter, sort, request);
      return decodeRows('QueryJobs', answer, page);
    },

    async logs(jobId, request) {
      const answer = await call({
        operation: 'ListMovementLogs',
        method: 'GET',
        path: `${prefix}/${encodeURIComponent(jobId)}/logs?${pagingQuery(request)}`,
      });
      const page = decode(logsPage, 'ListMovementLogs', answer);
      return {
        rows: page.rows.map((row) => decode(movementLog, 'ListMovementLogs', { ...answer, body: row })),
        next: page.next,
      };
    },

    async submit(job) {
      const answer = await call({
        operation: 'SubmitJob',
        method: 'POST',
        path: prefix,
        body: newJobToWire(job),
      });
      return readJob('SubmitJob', answer);
    },

    async terminate(id) {
      const answer = await call({
        operation: 'TerminateJob',
        method: 'POST',
        path: `${prefix}/${encodeURIComponent(id)}/terminate`,
        body: { jobId: id },
      });
      return readJob('TerminateJob', answer);
    },

    async createUploadUrl(fileName) {
      const answer = await call({
        operation: 'CreateFileUploadUrl',
        method: 'POST',
        path: '/data-mover/v1/temporary-files/upload-url',
        body: fileName === null ? {} : { fileName },
      });
      return { ...decode(uploadUrlAnswer, 'CreateFileUploadUrl', answer), createdAt: answer.observedAt };
    },
  };
};
