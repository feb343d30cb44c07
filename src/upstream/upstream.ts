import { LRUCache } from 'lru-cache';
import type { CredentialSettings } from '../config/credential-settings.ts';
import { lazily } from '../domain/lazily.ts';
import type { Log } from '../telemetry/log.ts';
import { type Allowance, createAllowances } from './allowance.ts';
import type { Caller } from './caller.ts';
import { createCredentials } from './credentials/create-credentials.ts';
import type { Presented } from './credentials/credentials.ts';
import { type Call, createHttp, type UpstreamRequest } from './http.ts';
import { createJobsApi, type JobsApi } from './jobs-api.ts';
import { createSchedulesApi, type SchedulesApi } from './schedules-api.ts';
import { createUpstreamClock } from './upstream-clock.ts';

const maxCallers = 10_000;

export interface UpstreamOptions {
  /** Where the API is, without /data-mover, for example https://www.wixapis.com. */
  readonly url: URL;
  /** Those of each caller by default. */
  readonly credentials?: CredentialSettings;
  readonly timeoutMs: number;
  readonly requestsPerMinute: number;
  readonly now: () => number;
  readonly log: Log;
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
  /** Reads in flight end when the signal fires. */
  as(caller: Caller, signal?: AbortSignal): CallerUpstream;
  close(): Promise<void>;
}

export const createUpstream = ({
  url,
  credentials: settings = { mode: 'passthrough' },
  timeoutMs,
  requestsPerMinute,
  now,
  log,
}: UpstreamOptions): Upstream => {
  const upstreamClock = createUpstreamClock(now);
  const http = createHttp({ url, timeoutMs, now, upstreamClock, log });
  const credentials = createCredentials({ settings, http, now, log });
  const allowances = createAllowances(requestsPerMinute, now);
  const successes = new LRUCache<string, Date>({ max: maxCallers });

  return {
    callerOf: credentials.callerOf,
    as(caller, signal) {
      const send = async (request: UpstreamRequest, authorized: Caller) => {
        allowances.spend(caller.key);
        const answer = await http.call(request, authorized, signal);
        successes.set(caller.key, new Date(now()));
        return answer;
      };
      const call: Call = (request) =>
        credentials.authorize(caller, (authorized) => send(request, authorized), signal);
      const jobs = lazily(() => createJobsApi(call, log));
      const schedules = lazily(() => createSchedulesApi(call));
      return {
        get jobs() {
          return jobs();
        },
        get schedules() {
          return schedules();
        },
        allowance: () => allowances.of(caller.key),
        toUpstreamTime: upstreamClock.fromOurs,
        lastSuccessAt: () => successes.get(caller.key) ?? null,
      };
    },
    close: () => http.close(),
  };
};
