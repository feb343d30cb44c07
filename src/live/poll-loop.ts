import type { Clock } from '../domain/clock.ts';
import type { GatewayError } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Cadence } from './cadence.ts';
import { mayPass } from './patience.ts';
import type { PollShare } from './poll-share.ts';

/** A round looks at everything that is watched; a look in between only at what has just begun to be, or was announced. */
export type LookScope = 'round' | 'newcomers';

export interface LookResult {
  readonly changed: boolean;
  /** There is more to read than one look may: the next goes on with it. */
  readonly isPartial: boolean;
  readonly calls: number;
  /** Calls that failed. */
  readonly failures: readonly GatewayError[];
}

export interface PollLoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly callerName?: string;
  readonly cadence: Cadence;
  readonly share: PollShare;
  readonly hasNewcomers: () => boolean;
  /** False while another replica goes the rounds. */
  readonly isPolling: () => boolean;
  /** How many calls the next look will take at least. */
  readonly expectedCalls: (scope: LookScope) => number;
  /** Never rejects. */
  readonly look: (scope: LookScope) => Promise<LookResult>;
}

export interface PollLoop {
  /** Something new is watched. */
  wake(): void;
  /** Something is to be looked at, or everything. */
  announce(what: 'something' | 'everything'): void;
  /** Something moved: look often again. */
  quicken(): void;
  /** Goes one round at once, also where another replica goes the others. */
  round(): void;
  stop(): void;
}

/** Watches that begin together are looked at together: wait a moment for more. */
const joinDelayMs = 10;
/** And between two such looks, so that a crowd does not cost a call each. */
const joinSpacingMs = 250;

/** Decides when to look. Looks never overlap, and a stopped loop leaves no timer behind. */
export const createPollLoop = (options: PollLoopOptions): PollLoop => {
  const {
    clock,
    log,
    cadence,
    share,
    hasNewcomers,
    isPolling,
    expectedCalls,
    look,
    callerName: caller,
  } = options;
  const { metrics, tracing } = options.telemetry;
  let looking = false;
  let stopped = false;
  // when the first of those came who have not been looked at yet
  let wokenAt = Number.NEGATIVE_INFINITY;
  let lastLookAt = Number.NEGATIVE_INFINITY;
  // whoever comes back during an outage finds it going on
  let nextRoundAt = cadence.isFailing
    ? clock.now() + Math.max(joinDelayMs, cadence.restMs)
    : Number.POSITIVE_INFINITY;
  // a round that is due whoever polls
  let isRoundWanted = false;
  let cancel = () => {};

  const roundAt = () => {
    const isDue = isPolling() || isRoundWanted || (cadence.isFailing && hasNewcomers());
    return isDue ? nextRoundAt : Number.POSITIVE_INFINITY;
  };

  const plan = () => {
    cancel();
    if (stopped || looking) return;
    // while upstream fails, newcomers wait for the next try like everybody else
    const joinAt =
      hasNewcomers() && !cadence.isFailing
        ? Math.max(wokenAt + joinDelayMs, lastLookAt + joinSpacingMs)
        : Number.POSITIVE_INFINITY;
    const dueAt = Math.min(roundAt(), joinAt);
    if (!Number.isFinite(dueAt)) return;
    const shareMs = share.waitMs(expectedCalls(joinAt < roundAt() ? 'newcomers' : 'round'));
    cancel = clock.after(Math.max(dueAt - clock.now(), shareMs, 0), () => void run());
  };

  const settle = (scope: LookScope, { changed, isPartial, calls, failures }: LookResult) => {
    const wasFailing = cadence.isFailing;
    // what does not pass by waiting is no reason to wait
    const [failure] = failures.filter(mayPass);
    if (failure !== undefined) {
      const retryAfterMs = Math.max(...failures.map((each) => each.retryAfterMs ?? 0));
      cadence.after({ kind: 'failed', retryAfterMs }, calls);
      if (!wasFailing) log.warn({ caller, code: failure.code }, 'polling fails: slowing down');
    } else if (calls > 0) {
      const kind = changed ? 'changed' : isPartial ? 'partial' : 'unchanged';
      if (scope === 'round') cadence.after({ kind }, calls);
      else if (changed) cadence.quicken();
      if (wasFailing) log.info({ caller }, 'polling works again');
    }
    const next = clock.now() + cadence.intervalMs;
    if (scope === 'round' && failure === undefined && !isPartial) isRoundWanted = false;
    nextRoundAt = scope === 'round' || cadence.isFailing ? next : Math.min(nextRoundAt, next);
  };

  const run = async () => {
    looking = true;
    lastLookAt = clock.now();
    const scope = lastLookAt >= roundAt() ? 'round' : 'newcomers';
    const begunAt = performance.now();
    // of nobody's trace: whoever woke the loop may be gone long since
    const result = await tracing.span('poll', { scope }, () => look(scope), { parent: 'nobody' });
    looking = false;
    if (stopped) return;
    settle(scope, result);
    metrics.polled({
      outcome: result.failures.length > 0 ? 'failed' : result.changed ? 'changed' : 'unchanged',
      seconds: (performance.now() - begunAt) / 1000,
      intervalSeconds: Math.max(cadence.intervalMs, share.waitMs(expectedCalls('round'))) / 1000,
    });
    plan();
  };

  const quicken = () => {
    // a crowd of newcomers must not wear down an upstream that is asking for rest
    if (cadence.isFailing) return;
    cadence.quicken();
    // before the first look there is nothing to go round but newcomers
    if (!Number.isFinite(nextRoundAt)) return;
    nextRoundAt = Math.min(nextRoundAt, Math.max(clock.now() + joinDelayMs, lastLookAt + cadence.intervalMs));
  };

  const join = () => {
    if (wokenAt <= lastLookAt) wokenAt = clock.now();
  };

  return {
    wake() {
      join();
      quicken();
      plan();
    },
    announce(what) {
      join();
      if (what === 'everything' && !cadence.isFailing) {
        nextRoundAt = Math.min(nextRoundAt, Math.max(clock.now() + joinDelayMs, lastLookAt + joinSpacingMs));
      }
      plan();
    },
    quicken() {
      quicken();
      plan();
    },
    round() {
      isRoundWanted = true;
      if (!cadence.isFailing) nextRoundAt = Math.min(nextRoundAt, clock.now() + joinDelayMs);
      plan();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
};
