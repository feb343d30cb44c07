import { LRUCache } from 'lru-cache';
import type { CredentialSettings } from '../config/credential-settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { JobNews } from '../domain/job-news.ts';
import type { Log } from '../telemetry/log.ts';
import type { Observed } from '../telemetry/observed.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { Allowance } from './allowance.ts';
import { createAnswers } from './answers.ts';
import { type BudgetState, createBudget } from './budget.ts';
import type { Caller } from './caller.ts';
import { type CircuitState, createCircuit } from './circuit.ts';
import { createCredentials } from './credentials/create-credentials.ts';
import type { Presented } from './credentials/credentials.ts';
import { createFinishedJobs } from './finished-jobs.ts';
import { type Call, createHttp } from './http.ts';
import { askForIds, createJobLookups } from './job-lookups.ts';
import { createJobsApi, type JobsApi } from './jobs-api.ts';
import { createPipeline, type Errand, type Purpose } from './pipeline.ts';
import { lookUpJobs, rememberJobs } from './remembered-jobs.ts';
import { createRetry } from './retry.ts';
import { createSchedulesApi, type SchedulesApi } from './schedules-api.ts';
import type { SharedSpending } from './shared-spending.ts';
import { createUpstreamClock } from './upstream-clock.ts';

const maxCallers = 10_000;

/** How upstream is treated. All in milliseconds, but for one. */
export interface UpstreamSettings {
  /** How long one operation may take, all its attempts together. */
  readonly upstreamTimeoutMs: number;
  /** What upstream allows one caller. */
  readonly upstreamRequestsPerMinute: number;
  /** How long a finished job is served without upstream; 0 for not at all. */
  readonly finishedJobTtlMs: number;
  /** How old any other answer may be; 0 asks upstream each time. */
  readonly readCacheMs: number;
}

export interface UpstreamOptions extends UpstreamSettings {
  /** Where the API is, without /data-mover, for example https://www.wixapis.com. */
  readonly url: URL;
  /** Those of each caller by default. */
  readonly credentials?: CredentialSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: Telemetry;
  /** What other replicas send counts as well. */
  readonly spending?: SharedSpending | null;
}

/** Upstream as one caller sees it. */
export interface CallerUpstream {
  readonly jobs: JobsApi;
  readonly schedules: SchedulesApi;
  /** What is left of this caller's request allowance. Upstream is not asked; other replicas are. */
  allowance(): Allowance | Promise<Allowance>;
  /** When upstream last answered this caller. */
  lastSuccessAt(): Date | null;
  /** An instant of ours on upstream's clock, as far as that is known, or earlier. */
  toUpstreamTime(instant: number): number;
}

export interface Upstream {
  /** Whose rights calls have for a client who presented this. */
  callerOf(presented: Presented): Caller;
  /** Reads in flight that nobody else waits for end when the signal fires. What is done is counted for `observed`. */
  as(caller: Caller, purpose: Purpose, signal?: AbortSignal, observed?: Observed): CallerUpstream;
  /** Of all callers together. */
  state(): { readonly budget: BudgetState; readonly circuit: CircuitState };
  /** Nobody whom it may concern is given an answer of before. */
  outdate(news: JobNews): void;
  close(): Promise<void>;
}

export const createUpstream = (options: UpstreamOptions): Upstream => {
  const { url, credentials: settings = { mode: 'passthrough' }, clock, random, log } = options;
  const { telemetry = noTelemetry } = options;
  const { metrics } = telemetry;
  const { now } = clock;
  const upstreamClock = createUpstreamClock(now);
  const timeoutMs = options.upstreamTimeoutMs;
  const http = createHttp({ url, connectTimeoutMs: timeoutMs, now, upstreamClock, log, telemetry });
  const credentials = createCredentials({ settings, http, timeoutMs, now, log });
  const budget = createBudget(options.upstreamRequestsPerMinute, clock, options.spending, log, metrics);
  const answers = createAnswers({ maxAgeMs: options.readCacheMs, now });
  const circuit = createCircuit(now, log);
  const pipeline = createPipeline({
    answers,
    retry: createRetry({ clock, random }),
    credentials,
    budget,
    circuit,
    http,
    clock,
    timeoutMs,
    metrics,
    log,
  });
  const lookups = createJobLookups();
  const finished = createFinishedJobs({ ttlMs: options.finishedJobTtlMs, now });
  const successes = new LRUCache<string, number>({ max: maxCallers });

  const callAs =
    (errand: Errand): Call =>
    async (request, read) => {
      const answer = await pipeline.call(request, errand, read);
      const at = answer.observedAt.getTime();
      // one from memory is no news of upstream
      if (at > (successes.get(errand.caller.key) ?? 0)) successes.set(errand.caller.key, at);
      return answer.body;
    };

  const noteFound = (hits: number, misses: number, observed: Observed | undefined) => {
    if (hits > 0) metrics.cached('finished_jobs', 'hit', hits);
    if (misses > 0) metrics.cached('finished_jobs', 'miss', misses);
    if (observed !== undefined) observed.cacheHits += hits;
  };

  const createJobs = (errand: Errand): JobsApi => {
    const { caller, purpose, signal, observed } = errand;
    const remembered = { callerKey: caller.key, finished };
    const jobsFor = (end: AbortSignal | undefined) =>
      rememberJobs(createJobsApi(callAs({ ...errand, signal: end }), log), remembered);
    const own = jobsFor(signal);
    // a poll and the work around a write want to know what upstream says now
    if (purpose !== 'query') return own;
    const ask = askForIds(jobsFor);
    const find = (ids: readonly string[]) => lookups.find(caller.key, ids, signal, ask);
    return lookUpJobs(own, find, {
      ...remembered,
      note: (hits, misses) => noteFound(hits, misses, observed),
    });
  };

  /** A class, for there is one of each operation, and getters of an object literal are a hidden class each. */
  class ErrandUpstream implements CallerUpstream {
    readonly toUpstreamTime = upstreamClock.fromOurs;
    readonly #errand: Errand;
    #jobs: JobsApi | undefined;
    #schedules: SchedulesApi | undefined;

    constructor(errand: Errand) {
      this.#errand = errand;
    }

    get jobs() {
      this.#jobs ??= createJobs(this.#errand);
      return this.#jobs;
    }

    get schedules() {
      this.#schedules ??= createSchedulesApi(callAs(this.#errand));
      return this.#schedules;
    }

    allowance() {
      return budget.ofAll(this.#errand.caller.key);
    }

    lastSuccessAt() {
      const at = successes.get(this.#errand.caller.key);
      return at === undefined ? null : new Date(at);
    }
  }

  return {
    callerOf: credentials.callerOf,
    state: () => ({ budget: budget.state(), circuit: circuit.state() }),
    as: (caller, purpose, signal, observed) => new ErrandUpstream({ caller, purpose, signal, observed }),
    outdate({ jobId, siteId }) {
      answers.outdateSite(siteId);
      finished.forgetForAll(jobId);
    },
    async close() {
      budget.close();
      await http.close();
    },
  };
};
