import type { GatewayError } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';
import { type Observed, shortHash } from '../telemetry/observed.ts';
import type { Caller } from './caller.ts';
import type { Operation } from './http.ts';

/** What an operator has to know of: upstream is out, or is not the API. */
const operatorsMatter: ReadonlySet<string> = new Set([
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
]);

export interface Failing {
  readonly endpoint: Operation;
  readonly caller: Caller;
  /** The operation that it failed first. */
  readonly observed: Observed | undefined;
}

/** Where upstream is left alone, its circuit has said so once for all. */
const isLeftAlone = ({ notSent, cause }: GatewayError) => notSent && cause === undefined;

export const logFailure = (log: Log, failure: GatewayError, failing?: Failing): void => {
  const { code, upstream, cause, message } = failure;
  const level = operatorsMatter.has(code) && !isLeftAlone(failure) ? 'warn' : 'debug';
  const where = failing && {
    endpoint: failing.endpoint,
    caller: failing.observed?.caller ?? shortHash(failing.caller.key),
    ...(failing.observed && { requestId: failing.observed.requestId, traceId: failing.observed.traceId }),
  };
  log[level]({ code, ...where, upstream, err: cause }, message);
};
