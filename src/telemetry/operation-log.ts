import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Observed } from './observed.ts';
import { operationSpan } from './operation-span.ts';
import { noTracing, type Tracing } from './tracing.ts';

/** One line for each operation, and two for a subscription. */
export interface OperationLog {
  /** A subscription goes on from here. */
  began(observed: Observed): void;
  /** `codes` are those of its errors, as the client was told. */
  ended(observed: Observed, codes: readonly string[]): void;
  /** From now on those who go are sent away. */
  stop(): void;
}

const maxCodes = 10;

const lineOf = (observed: Observed) => {
  const { identity, requestId, transport, caller, nameCaller, traceId } = observed;
  return {
    type: identity?.type ?? null,
    operation: identity?.name ?? null,
    document: identity?.hash ?? null,
    caller: caller ?? nameCaller?.() ?? null,
    transport,
    requestId,
    ...(traceId === null ? {} : { traceId }),
  };
};

export const createOperationLog = (
  log: Log,
  metrics: Metrics,
  tracing: Tracing = noTracing,
): OperationLog => {
  const streams = new WeakSet<Observed>();
  let isStopping = false;
  // nothing in these lines is anybody's but what `lineOf` picks, and looking for secrets in each costs more than writing it
  const lines = log.child({}, { redact: [] });
  return {
    began(observed) {
      streams.add(observed);
      metrics.subscribed(observed.transport, 1);
      lines.info(lineOf(observed), 'subscription began');
    },
    ended(observed, codes) {
      const isStream = streams.delete(observed);
      const { identity, transport, startedAt, upstreamCalls, cacheHits, upstreamRequestIds } = observed;
      const ms = performance.now() - startedAt;
      // refused before it ran
      if (tracing.isOn && !observed.isTraced) {
        operationSpan(tracing, observed, () => codes[0] !== undefined && tracing.fail(codes[0]));
      }
      const distinct = codes.length < 2 ? codes : [...new Set(codes)].slice(0, maxCodes);
      metrics.operated({
        name: identity === null ? null : (identity.name ?? 'anonymous'),
        type: identity?.type ?? 'unknown',
        code: distinct[0] ?? 'OK',
        isProven: codes.length === 0 && upstreamCalls + cacheHits + observed.events > 0,
        // how long somebody watched says nothing of how fast the gateway is
        seconds: isStream ? null : ms / 1000,
      });
      if (isStream) metrics.subscribed(transport, -1);
      if (!lines.isLevelEnabled('info')) return;
      lines.info(
        {
          ...lineOf(observed),
          ms: Math.round(ms * 10) / 10,
          upstreamCalls,
          cacheHits,
          fields: observed.fields,
          ...(isStream ? { events: observed.events } : {}),
          errors: distinct,
          ...(isStopping ? { stopping: true } : {}),
          ...(upstreamRequestIds.length > 0 ? { upstreamRequestIds } : {}),
        },
        isStream ? 'subscription ended' : 'operation',
      );
    },
    stop() {
      isStopping = true;
    },
  };
};
