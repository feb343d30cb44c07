import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Span } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
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

/** The same exporter; who looks after the gateway is told when spans are lost, and when they get through again. */
const telling = (exporter: SpanExporter, log: Log, metrics: Pick<Metrics, 'tracesSent'>): SpanExporter => {
  let isFailing = false;
  const note = (error: Error | undefined) => {
    metrics.tracesSent(error === undefined ? 'sent' : 'lost');
    if (isFailing === (error !== undefined)) return;
    isFailing = error !== undefined;
    // its message may quote the address, and that a password
    const reason = error && ('code' in error ? String(error.code) : error.name);
    if (isFailing)
      log.warn({ reason }, 'traces cannot be sent: check OTEL_EXPORTER_OTLP_ENDPOINT and the collector');
    else log.info('traces are sent again');
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        note(result.code === 0 ? undefined : (result.error ?? new Error('unknown')));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
};

/**
 * Tracing by OpenTelemetry, whose own packages read where to send spans from the standard variables. They are loaded
 * here and nowhere else, so that nobody pays for them who does not trace. Nothing is registered globally.
 */
export const openTracing = async (
  { sampledShare, followsClient }: TracingSettings,
  log: Log,
  metrics: Pick<Metrics, 'tracesSent'>,
): Promise<Tracing> => {
  const [api, sdk, resources, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { trace, ROOT_CONTEXT, SpanKind, SpanStatusCode } = api;
  const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT };
  const ratio = new sdk.TraceIdRatioBasedSampler(sampledShare);
  const provider = new sdk.TracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': 'jobs-gateway', 'service.instance.id': randomUUID() })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    sampler: followsClient ? new sdk.ParentBasedSampler({ root: ratio }) : ratio,
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: telling(new OTLPTraceExporter(), log, metrics) }),
    ],
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
    span(name, attributes, work, { parent = 'around', kind = 'internal' } = {}) {
      const span = tracer.startSpan(name, { attributes, kind: kinds[kind] }, contextOf(parent));
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
    fail(code) {
      around
        .getStore()
        ?.setStatus({ code: SpanStatusCode.ERROR, message: code })
        .setAttribute('error.type', code);
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
