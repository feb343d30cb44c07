import { LRUCache } from 'lru-cache';
import { GatewayError } from '../domain/gateway-error.ts';
import { lazily } from '../domain/lazily.ts';
import type { Log } from '../telemetry/log.ts';
import { type Allowance, createAllowances } from './allowance.ts';
import type { Caller } from './caller.ts';
import { type Call, createHttp } from './http.ts';
import { createJobsApi, type JobsApi } from './jobs-api.ts';
import { createSchedulesApi, type SchedulesApi } from './schedules-api.ts';
import { createUpstreamClock } from './upstream-clock.ts';

const maxCallers = 10_000;

export interface UpstreamOptions {
  /** Where the API is, without /data-mover, for example https://www.wixapis.com. */
  readonly url: URL;
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
  /** Reads in flight end when the signal fires. */
  as(caller: Caller, signal?: AbortSignal): CallerUpstream;
  close(): Promise<void>;
}

/** What a header can carry: HTTP refuses anything else by itself, other transports do not. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

const badCredential = (): GatewayError =>
  new GatewayError(
    'UNAUTHENTICATED',
    'The credential has characters that no header can carry. Check authorization, wix-site-id and wix-account-id.',
  );

const noCredential = (): GatewayError =>
  new GatewayError(
    'UNAUTHENTICATED',
    'There is no credential to ask Wix with. Send the API key or access token of the site in the Authorization header.',
  );

export const createUpstream = ({
  url,
  timeoutMs,
  requestsPerMinute,
  now,
  log,
}: UpstreamOptions): Upstream => {
  const upstreamClock = createUpstreamClock(now);
  const http = createHttp({ url, timeoutMs, now, upstreamClock, log });
  const allowances = createAllowances(requestsPerMinute, now);
  const successes = new LRUCache<string, Date>({ max: maxCallers });

  return {
    as(caller, signal) {
      const call: Call = async (request) => {
        if (caller.authorization === null) throw noCredential();
        const { authorization, siteId, accountId } = caller;
        if (![authorization, siteId, accountId].every((value) => headerValue.test(value ?? '')))
          throw badCredential();
        allowances.spend(caller.key);
        const answer = await http.call(request, caller, signal);
        successes.set(caller.key, new Date(now()));
        return answer;
      };
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
