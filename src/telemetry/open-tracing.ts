import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from '@opentelemetry/api';
import type { Parent, Tracing } from './tracing.ts';

export interface TracingSettings {
  /** The share of traces that begin here and are kept, 0 to 1. */
  readonly sampledShare: number;
  /** Whether what a client says of its own trace decides on it. */
  readonly followsClient: boolean;
}

const closeMs = 3_000;

const later = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/**
 * Tracing by OpenTelemetry, whose own packages read where to send spans from the standard variables. They are loaded
 * here and nowhere else, so that nobody pays for them who does not trace. Nothing is registered globally.
 */
export const openTracing = async ({ sampledShare, followsClient }: TracingSettings): Promise<Tracing> => {
  const [api, sdk, resources, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { trace, ROOT_CONTEXT, SpanStatusCode } = api;
  const ratio = new sdk.TraceIdRatioBasedSampler(sampledShare);
  const provider = new sdk.TracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': 'jobs-gateway' })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    sampler: followsClient ? new sdk.ParentBasedSampler({ root: ratio }) : ratio,
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer('jobs-gateway');
  const around = new AsyncLocalStorage<Span>();

  const contextOf = (parent: Parent) => {
    if (parent === 'nobody') return ROOT_CONTEXT;
    if (parent !== 'around') {
      const { traceId, spanId, flags: traceFlags } = parent;
      return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
    }
    const span = around.getStore();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  };

  const fail = (span: Span, error: unknown) => {
    // what is said of an error may quote what nobody else should read: its kind will do
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
    span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    span.end();
  };

  return {
    isOn: true,
    span(name, attributes, work, parent = 'around') {
      const span = tracer.startSpan(name, { attributes }, contextOf(parent));
      try {
        const result = around.run(span, work);
        if (result instanceof Promise) {
          result.then(
            () => span.end(),
            (error: unknown) => fail(span, error),
          );
        } else {
          span.end();
        }
        return result;
      } catch (error) {
        fail(span, error);
        throw error;
      }
    },
    note: (attributes) => void around.getStore()?.setAttributes(attributes),
    current() {
      const span = around.getStore();
      if (span === undefined) return null;
      const { traceId, spanId, traceFlags } = span.spanContext();
      return { traceId, spanId, flags: traceFlags };
    },
    close: () => Promise.race([provider.shutdown().catch(() => undefined), later(closeMs)]),
  };
};
