import type { Clock } from '../domain/clock.ts';
import type { GatewayError } from '../domain/gateway-error.ts';
import type { WatchedJob } from './watched-job.ts';

const passingCodes: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  // a proxy's page in place of an answer
  'UPSTREAM_INVALID_RESPONSE',
]);

export const isAccessDenied = ({ code }: GatewayError): boolean =>
  code === 'UNAUTHENTICATED' || code === 'FORBIDDEN';

/** True for what waiting may mend. */
export const mayPass = ({ code }: GatewayError): boolean => passingCodes.has(code);

/** Waiting on is worth while only for what may pass, and only until patience ends at `deadline`. */
export const isHopeless = (error: GatewayError, now: number, deadline: number): boolean =>
  !mayPass(error) || now + (error.retryAfterMs ?? 0) >= deadline;

/** Tells each job that is due that upstream is silent, and comes back for the next. */
export const createStaleAlarm = (clock: Clock, jobs: () => Iterable<WatchedJob>) => {
  let cancel = () => {};
  const plan = () => {
    cancel();
    const now = clock.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const job of [...jobs()]) {
      if (job.staleAt === null) continue;
      if (job.staleAt <= now) job.tellStale();
      else earliest = Math.min(earliest, job.staleAt);
    }
    if (Number.isFinite(earliest)) cancel = clock.after(earliest - now, plan);
  };
  return { plan, stop: () => cancel() };
};
