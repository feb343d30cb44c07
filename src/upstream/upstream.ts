import { LRUCache } from 'lru-cache';
import type { CredentialSettings } from '../config/credential-settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { JobNews } from '../domain/job-news.ts';
import { lazily } from '../domain/lazily.ts';
import type { Log } from '../telemetry/log.ts';
import { createAnswers } from './answers.ts';
import { type Allowance, createBudget } from './budget.ts';
import type { Caller } from './caller.ts';
import { createCircuit } from './circuit.ts';
import { createCredentials } from './credentials/create-credentials.ts';
import type { Presented } from './credentials/credentials.ts';
import { createFinishedJobs } from './finished-jobs.ts';
import { type Call, createHttp } from './http.ts';
import { askForIds, createJobLookups } from './job-lookups.ts';
import { createJobsApi, type JobsApi } from './jobs-api.ts';
import { createPipeline, type Purpose } from './pipeline.ts';
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
  /** What other replicas send counts as well. */
  readonly spending?: SharedSpending | null;
}

/** Upstream as one caller sees it. */
export interface CallerUpstream {
  readonly jobs: JobsApi;
  readonly schedules: SchedulesApi;
  /** What is left of this caller's request allowance; asks nobody. */
  allowance(): Allowance;
  /** When upstream last answered this caller. */
  lastSuccessAt(): Date | null;
  /** An instant of ours on upstream's clock, as far as that is known, or earlier. */
  toUpstreamTime(instant: number): number;
}

export interface Upstream {
  /** Whose rights calls have for a client who presented this. */
  callerOf(presented: Presented): Caller;
  /** Reads in flight that nobody else waits for end when the signal fires. */
  as(caller: Caller, purpose: Purpose, signal?: AbortSignal): CallerUpstream;
  /** Nobody whom it may concern is given an answer of before. */
  outdate(news: JobNews): void;
  close(): Promise<void>;
}

export const createUpstream = (options: UpstreamOptions): Upstream => {
  const { url, credentials: settings = { mode: 'passthrough' }, clock, random, log } = options;
  const { now } = clock;
  const upstreamClock = createUpstreamClock(now);
  const timeoutMs = options.upstreamTimeoutMs;
  const http = createHttp({ url, connectTimeoutMs: timeoutMs, now, upstreamClock, log });
  const credentials = createCredentials({ settings, http, timeoutMs, now, log });
  const budget = createBudget(options.upstreamRequestsPerMinute, clock, options.spending);
  const answers = createAnswers({ maxAgeMs: options.readCacheMs, now });
  const pipeline = createPipeline({
    answers,
    retry: createRetry({ clock, random }),
    credentials,
    budget,
    circuit: createCircuit(now, log),
    http,
    clock,
    timeoutMs,
  });
  const lookups = createJobLookups();
  const finished = createFinishedJobs({ ttlMs: options.finishedJobTtlMs, now });
  const successes = new LRUCache<string, number>({ max: maxCallers });

  const callAs =
    (caller: Caller, purpose: Purpose, signal: AbortSignal | undefined): Call =>
    async (request) => {
      const answer = await pipeline.call(request, caller, purpose, signal);
      const at = answer.observedAt.getTime();
      // one from memory is no news of upstream
      if (at > (successes.get(caller.key) ?? 0)) successes.set(caller.key, at);
      return answer;
    };

  return {
    callerOf: credentials.callerOf,
    as(caller, purpose, signal) {
      const remembered = { callerKey: caller.key, finished };
      const jobsFor = (end: AbortSignal | undefined) =>
        rememberJobs(createJobsApi(callAs(caller, purpose, end), log), remembered);
      const ask = askForIds(jobsFor);
      const jobs = lazily(() => {
        const own = jobsFor(signal);
        // a poll and the work around a write want to know what upstream says now
        if (purpose !== 'query') return own;
        return lookUpJobs(own, (ids) => lookups.find(caller.key, ids, signal, ask), remembered);
      });
      const schedules = lazily(() => createSchedulesApi(callAs(caller, purpose, signal)));
      return {
        get jobs() {
          return jobs();
        },
        get schedules() {
          return schedules();
        },
        allowance: () => budget.of(caller.key),
        toUpstreamTime: upstreamClock.fromOurs,
        lastSuccessAt() {
          const at = successes.get(caller.key);
          return at === undefined ? null : new Date(at);
        },
      };
    },
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
