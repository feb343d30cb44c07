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
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .string()
    .optional()
    .describe('With grpc the gateway does not start: it sends JSON over HTTP, also for http/protobuf.'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional().describe('The same, for traces alone.'),
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

/** The variables as they are given, or once they are parsed. */
type Given = Readonly<Record<string, unknown>>;

const isTracing = (given: Given): boolean => {
  const endpoints = [given['OTEL_EXPORTER_OTLP_ENDPOINT'], given['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']];
  const hasEndpoint = endpoints.some((endpoint) => endpoint !== undefined);
  const exporter = given['OTEL_TRACES_EXPORTER'] ?? (hasEndpoint ? 'otlp' : 'none');
  return exporter !== 'none' && String(given['OTEL_SDK_DISABLED']).toLowerCase() !== 'true';
};

const isRatio = (sampler: string) => sampler.endsWith('traceidratio');

/** What is asked for and would not be done, a sentence each. */
const tracingProblems = (given: Given): string[] => {
  if (!isTracing(given)) return [];
  const problems: string[] = [];
  const name = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find(
    (each) => given[each] !== undefined,
  );
  if (name !== undefined && !/^http\/(json|protobuf)$/.test(String(given[name]))) {
    problems.push(
      `${name}: is not http/json or http/protobuf: traces go by OTLP over HTTP. Set http/json, with the collector's address for HTTP (its port is usually 4318), or leave it out.`,
    );
  }
  const sampler = String(given['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on');
  if (given['OTEL_TRACES_SAMPLER_ARG'] !== undefined && !isRatio(sampler)) {
    problems.push(
      `OTEL_TRACES_SAMPLER_ARG: is set, but only traceidratio and parentbased_traceidratio use it and OTEL_TRACES_SAMPLER is another. Set it to one of them, or leave the share out.`,
    );
  }
  return problems;
};

/** What no variable of telemetry shows by itself. `port` is that of GraphQL, where it is one. */
export const telemetryProblems = (given: Given, port: number | undefined): string[] => {
  // 0 is another one each time
  const isTaken = port !== 0 && Number(given['METRICS_PORT']) === port;
  return [
    ...(isTaken
      ? [
          `METRICS_PORT: is ${port}, the PORT of GraphQL. Choose another, or leave it out for both on one port.`,
        ]
      : []),
    ...tracingProblems(given),
  ];
};

const tracingOf = (data: Parsed): TracingSettings | null => {
  if (!isTracing(data)) return null;
  const sampler = data.OTEL_TRACES_SAMPLER;
  const shares = isRatio(sampler) ? data.OTEL_TRACES_SAMPLER_ARG : Number(sampler.endsWith('on'));
  return { sampledShare: shares, followsClient: sampler.startsWith('parentbased') };
};

export const telemetrySettings = (data: Parsed): TelemetrySettings => ({
  metrics: data.METRICS_PORT === undefined ? null : { host: data.METRICS_HOST, port: data.METRICS_PORT },
  tracing: tracingOf(data),
});
