import { z } from 'zod';
import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import type { MovementLog } from '../domain/movement-log.ts';
import type { NewJob } from '../domain/new-job.ts';
import { maxPageSize, type Page, type PageRequest } from '../domain/page.ts';
import type { Log } from '../telemetry/log.ts';
import { decode, decodeRow, ofId, type Row, readable } from './decode.ts';
import type { Answer, Call, Operation } from './http.ts';
import type { JobQuery } from './job-query.ts';
import { invalidResponse, nullIfNotFound } from './translate-failure.ts';
import { job as jobSchema } from './wire/job.ts';
import { movementLog } from './wire/movement-log.ts';
import { newJobToWire } from './wire/new-job.ts';
import { jobsPage, logsPage } from './wire/page.ts';

const prefix = '/data-mover/v1/jobs';

/** What was found, by `idKey`. What could not be learned of an id is an error for that id only. */
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
  /** The same row by row: one that cannot be read does not spoil the others. */
  queryRows(query: JobQuery, page: PageRequest): Promise<Page<Row<Job>>>;
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

const jobAnswer = z.object({ job: jobSchema });
const uploadUrlAnswer = z.object({ fileId: z.string().min(1), uploadUrl: z.string().min(1) });

/** A published sample shows the job without its wrapper. */
const isUnwrapped = (body: unknown): boolean =>
  isJsonObject(body) && !('job' in body) && 'id' in body && 'status' in body;

const pathOf = (id: string): string => `${prefix}/${encodeURIComponent(id)}`;

const pagingQuery = ({ limit, cursor }: PageRequest): string =>
  `paging.limit=${limit}${cursor === null ? '' : `&paging.cursor=${encodeURIComponent(cursor)}`}`;

/** How many pages one answer by ids may be split into. */
const maxSplits = 10;

export const createJobsApi = (call: Call, log: Log): JobsApi => {
  const decodeJob = (operation: Operation, answer: Answer, row: unknown): Job => ({
    ...decode(jobSchema, operation, { ...answer, body: row }),
    observedAt: answer.observedAt,
  });

  const readJob = (operation: Operation, answer: Answer): Job => {
    if (!isUnwrapped(answer.body)) {
      return { ...decode(jobAnswer, operation, answer).job, observedAt: answer.observedAt };
    }
    log.info({ operation, requestId: answer.requestId }, 'upstream sent a job without its wrapper');
    return decodeJob(operation, answer, answer.body);
  };

  const decodeJobRow = (operation: Operation, answer: Answer, row: unknown): Row<Job> => {
    const { id, value } = decodeRow(jobSchema, operation, answer, row);
    return { id, value: value instanceof GatewayError ? value : { ...value, observedAt: answer.observedAt } };
  };

  /** Rows whose next page is themselves would be shown again and again. */
  const advancing = <Row>(
    operation: Operation,
    { requestId }: Pick<Answer, 'requestId'>,
    page: Page<Row>,
    { cursor }: PageRequest,
  ): Page<Row> => {
    if (cursor === null || page.next !== cursor || page.rows.length === 0) return page;
    throw invalidResponse(`${operation}: the next cursor is the one that was sent`, {
      requestId,
      status: 200,
    });
  };

  const askQuery = (filter: JsonObject, sort: readonly JsonObject[], page: PageRequest) => {
    const { limit, cursor } = page;
    // the cursor carries filter and sort; upstream wants neither beside it
    const query =
      cursor === null
        ? { filter, ...(sort.length === 0 ? {} : { sort }), cursorPaging: { limit } }
        : { cursorPaging: { limit, cursor } };
    const path = `${prefix}/query`;
    return call({ operation: 'QueryJobs', method: 'POST', path, body: { query } }, (answer) => {
      const { rows, next } = decode(jobsPage, 'QueryJobs', answer);
      const { requestId } = answer;
      return { requestId, page: { rows: rows.map((row) => decodeJobRow('QueryJobs', answer, row)), next } };
    });
  };

  const queryRows = async ({ filter, sort }: JobQuery, request: PageRequest): Promise<Page<Row<Job>>> => {
    if (filter === 'none') return { rows: [], next: null };
    const answer = await askQuery(filter === 'all' ? {} : filter, sort, request);
    return advancing('QueryJobs', answer, answer.page, request);
  };

  return {
    get: (id) =>
      call({ operation: 'GetJob', method: 'GET', path: pathOf(id) }, (answer) =>
        ofId(id, readJob('GetJob', answer), 'GetJob', answer),
      ).catch(nullIfNotFound),

    async byIds(ids) {
      const wanted = new Set(ids.map(idKey));
      const found = new Map<string, Job | GatewayError>();
      const fail = (error: GatewayError) => {
        for (const key of wanted) if (!found.has(key)) found.set(key, error);
      };
      let cursor: string | null = null;
      for (let pages = 0; pages < maxSplits && found.size < wanted.size; pages += 1) {
        try {
          const { page } = await askQuery({ id: { $in: ids } }, [], { limit: maxPageSize, cursor });
          for (const { id, value } of page.rows) {
            const key = id === null ? null : idKey(id);
            // a row without a name may be any of those that are missing
            if (key === null && value instanceof GatewayError) fail(value);
            if (key === null || !wanted.has(key)) continue;
            found.set(key, value);
          }
          if (page.next === cursor) break;
          cursor = page.next;
        } catch (error) {
          // what the pages before have told stays true
          if (found.size === 0 || !(error instanceof GatewayError)) throw error;
          fail(error);
        }
        if (cursor === null) break;
      }
      return found;
    },

    list(page) {
      const path = `${prefix}?${pagingQuery(page)}`;
      return call({ operation: 'ListJobs', method: 'GET', path }, (answer) => {
        const { rows, next } = advancing('ListJobs', answer, decode(jobsPage, 'ListJobs', answer), page);
        return { rows: rows.map((row) => decodeJob('ListJobs', answer, row)), next };
      });
    },

    queryRows,

    async query(query, request) {
      const { rows, next } = await queryRows(query, request);
      return { rows: rows.map(readable), next };
    },

    logs(jobId, request) {
      const path = `${pathOf(jobId)}/logs?${pagingQuery(request)}`;
      const operation = 'ListMovementLogs';
      return call({ operation, method: 'GET', path }, (answer) => {
        const page = advancing(operation, answer, decode(logsPage, operation, answer), request);
        const rows = page.rows.map((body) => decode(movementLog, operation, { ...answer, body }));
        return { rows, next: page.next };
      });
    },

    submit(job) {
      const body = newJobToWire(job);
      return call({ operation: 'SubmitJob', method: 'POST', path: prefix, body }, (answer) =>
        readJob('SubmitJob', answer),
      );
    },

    terminate(id) {
      const path = `${pathOf(id)}/terminate`;
      return call({ operation: 'TerminateJob', method: 'POST', path, body: { jobId: id } }, (answer) =>
        readJob('TerminateJob', answer),
      );
    },

    createUploadUrl(fileName) {
      const operation = 'CreateFileUploadUrl';
      const path = '/data-mover/v1/temporary-files/upload-url';
      const body = fileName === null ? {} : { fileName };
      return call({ operation, method: 'POST', path, body }, (answer) => ({
        ...decode(uploadUrlAnswer, operation, answer),
        createdAt: answer.observedAt,
      }));
    },
  };
};
