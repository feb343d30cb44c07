import type { Observed } from './observed.ts';
import type { Tracing } from './tracing.ts';

/** Does what an operation asks for in a span of its own, a child of the client's. */
export const operationSpan = <Result>(tracing: Tracing, observed: Observed, work: () => Result): Result => {
  const { identity, requestId, traceparent } = observed;
  // of a client's choosing there would be any number of them (OpenTelemetry's conventions for GraphQL)
  const name = identity?.type ?? 'GraphQL Operation';
  const attributes = {
    'graphql.operation.type': identity?.type ?? 'unknown',
    'graphql.operation.name': identity?.name ?? '',
    'graphql.document.hash': identity?.hash ?? '',
    'request.id': requestId,
  };
  const traced = () => {
    observed.traceId = tracing.current()?.traceId ?? null;
    observed.isTraced = true;
    return work();
  };
  return tracing.span(name, attributes, traced, { parent: traceparent ?? 'nobody', kind: 'server' });
};
