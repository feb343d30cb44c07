import { LRUCache } from 'lru-cache';
import { steadily } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';
import { shortHash } from '../telemetry/observed.ts';
import type { Caller } from './caller.ts';

const openMs = 10_000;
const failuresOfCaller = 5;
const failuresOfAll = 10;
/** One credential whose sites are broken says nothing of the others. */
const credentialsOfAll = 2;
const maxCallers = 10_000;

type Outcome = 'answered' | 'outage' | 'unknown';

interface Breaker {
  readonly isOpen: boolean;
  /** How long nothing should be sent; 0 when something may be. */
  waitMs(now: number): number;
  /** A request goes out; what is returned takes how it ended. */
  begin(): (outcome: Outcome, now: number) => void;
}

/** Closed, until `isBroken` says so after an outage; then open for a while; then half open, for one probe at a time. */
const createBreaker = (
  isBroken: (failures: number) => boolean,
  onChange: (isOpen: boolean) => void,
): Breaker => {
  let failures = 0;
  let openUntil: number | null = null;
  let probing = false;
  return {
    get isOpen() {
      return openUntil !== null;
    },
    waitMs(now) {
      if (openUntil === null) return 0;
      if (now < openUntil) return openUntil - now;
      return probing ? openMs : 0;
    },
    begin() {
      const isProbe = openUntil !== null;
      if (isProbe) probing = true;
      return (outcome, now) => {
        if (isProbe) probing = false;
        if (outcome === 'answered') {
          failures = 0;
          if (openUntil !== null) onChange(false);
          openUntil = null;
        } else if (outcome === 'outage') {
          failures += 1;
          if (!isProbe && !isBroken(failures)) return;
          if (openUntil === null) onChange(true);
          openUntil = now + openMs;
        }
      };
    },
  };
};

const isOutage = (error: GatewayError): boolean =>
  error.code === 'UPSTREAM_UNAVAILABLE' || error.code === 'UPSTREAM_TIMEOUT';

const outcomeOf = (error: unknown): Outcome => {
  if (!(error instanceof GatewayError)) return 'unknown';
  return isOutage(error) ? 'outage' : 'answered';
};

export interface CircuitState {
  readonly isOpenForAll: boolean;
  readonly openCallers: number;
}

export interface Circuit {
  state(): CircuitState;
  /** Fails at once with UPSTREAM_UNAVAILABLE while upstream is left alone. */
  check(caller: Caller): void;
  /** The same, and learns from how `send` ends. */
  run<T>(caller: Caller, signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T>;
}

/**
 * Leaves upstream alone for a while after repeated outages: of one caller's, or of everybody's. Only outages count; a
 * refused credential or request is an answer like any other.
 */
export const createCircuit = (wallNow: () => number, log: Log): Circuit => {
  const now = steadily(wallNow);
  const callers = new LRUCache<string, Breaker>({ max: maxCallers });
  const failing = new Set<string>();
  const all = createBreaker(
    (failures) => failures >= failuresOfAll && failing.size >= credentialsOfAll,
    (isOpen) => {
      if (isOpen) log.warn('Wix fails for everybody: leaving it alone for a while');
      else log.info('Wix answers again');
    },
  );

  const breakerOf = (callerKey: string): Breaker => {
    const known = callers.get(callerKey);
    if (known) return known;
    const breaker = createBreaker(
      (failures) => failures >= failuresOfCaller,
      (isOpen) => {
        const who = { caller: shortHash(callerKey) };
        if (isOpen) log.warn(who, 'Wix fails for a caller: leaving it alone for a while');
        else log.info(who, 'Wix answers a caller again');
      },
    );
    callers.set(callerKey, breaker);
    return breaker;
  };

  const check = ({ key }: Caller) => {
    const waitMs = Math.max(all.waitMs(now()), callers.get(key)?.waitMs(now()) ?? 0);
    if (waitMs === 0) return;
    throw new GatewayError(
      'UPSTREAM_UNAVAILABLE',
      'Wix has failed several times in a row and is left alone for a moment. Ask again after retryAfterMs.',
      { notSent: true, retryAfterMs: Math.ceil(waitMs) },
    );
  };

  return {
    check,
    state: () => ({
      isOpenForAll: all.isOpen,
      openCallers: [...callers.values()].filter(({ isOpen }) => isOpen).length,
    }),
    async run(caller, signal, send) {
      check(caller);
      const ends = [breakerOf(caller.key).begin(), all.begin()];
      const end = (outcome: Outcome) => {
        // one credential may ask for many sites
        if (outcome === 'outage') failing.add(caller.authorization ?? caller.key);
        if (outcome === 'answered') failing.clear();
        for (const each of ends) each(outcome, now());
      };
      try {
        const answer = await send();
        end('answered');
        return answer;
      } catch (error) {
        // given up by us or by its client: upstream may be well or not
        end(signal?.aborted ? 'unknown' : outcomeOf(error));
        throw error;
      }
    },
  };
};
