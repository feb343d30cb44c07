import { z } from 'zod';
import type { TracingSettings } from '../telemetry/open-tracing.ts';
import { httpUrl, share, wholeNumber } from './values.ts';

/** How others look at this process. */
export interface TelemetrySettings {
  /** Where metrics are served; null for beside GraphQL. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Null for none. */
  readonly tracing: TracingSettings | null;
}

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The variables of telemetry: how each is parsed, its default, and what --help says of it. */
export const telemetryVariables = {
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe('Port of /metrics alone; 0 picks a free one. Unset: beside GraphQL.'),
  METRICS_HOST: z.string().prefault('127.0.0.1').describe('Address to listen on for METRICS_PORT.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe('Where OpenTelemetry traces go, by OTLP over HTTP. Unset: nothing is traced.'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl
    .optional()
    .describe('The same with its path, for traces alone.'),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'none'], { error: 'otlp or none' })
    .optional()
    .describe('With otlp traces go to http://localhost:4318 without an address too; with none nowhere.'),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers, { error: `one of ${samplers.join(', ')}` })
    .prefault('parentbased_always_on')
    .describe('Which traces are kept.'),
  OTEL_TRACES_SAMPLER_ARG: share.prefault('1').describe('The share that traceidratio keeps, 0 to 1.'),
  OTEL_SDK_DISABLED: z
    .string()
    .optional()
    .transform((value) => value?.toLowerCase() === 'true')
    .describe('With true nothing is traced.'),
};

type Parsed = z.output<z.ZodObject<typeof telemetryVariables>>;

const tracingOf = (data: Parsed): TracingSettings | null => {
  const hasEndpoint =
    data.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined || data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined;
  const exporter = data.OTEL_TRACES_EXPORTER ?? (hasEndpoint ? 'otlp' : 'none');
  if (exporter === 'none' || data.OTEL_SDK_DISABLED) return null;
  const sampler = data.OTEL_TRACES_SAMPLER;
  const shares = sampler.endsWith('traceidratio')
    ? data.OTEL_TRACES_SAMPLER_ARG
    : Number(sampler.endsWith('on'));
  return { sampledShare: shares, followsClient: sampler.startsWith('parentbased') };
};

export const telemetrySettings = (data: Parsed): TelemetrySettings => ({
  metrics: data.METRICS_PORT === undefined ? null : { host: data.METRICS_HOST, port: data.METRICS_PORT },
  tracing: tracingOf(data),
});
