import { createAdmission } from './access/admission.ts';
import { createOrigins } from './access/origins.ts';
import { headOf } from './access/request-head.ts';
import { describeAccess } from './config/access-settings.ts';
import { describeCredentials } from './config/credential-settings.ts';
import type { Config } from './config.ts';
import { systemClock } from './domain/clock.ts';
import { GatewayError } from './domain/gateway-error.ts';
import { isLoopback } from './domain/origin.ts';
import { createGateway, type Gateway, graphqlPath } from './gateway.ts';
import { drain, endEventStreams, type Listening, listen, usualBounds } from './listen.ts';
import { startSandbox } from './sandbox/sandbox.ts';
import { longRunningJobId, showcaseJobId } from './sandbox/seed/landmarks.ts';
import { type SandboxSettings, usualSettings } from './sandbox/settings.ts';
import type { Log } from './telemetry/log.ts';
import { openTracing } from './telemetry/open-tracing.ts';
import { createProbes, type ProbeOptions } from './telemetry/probes.ts';
import { createPrometheus, type Prometheus } from './telemetry/prometheus.ts';
import { createReadiness } from './telemetry/readiness.ts';
import { noTracing } from './telemetry/tracing.ts';
import { webhookPath, withWebhooks } from './webhooks/serve-webhooks.ts';
import { serveWebSockets } from './websocket/serve-websockets.ts';

export interface RunningServer {
  /** Of GraphQL, for example http://127.0.0.1:4000/graphql. */
  readonly url: string;
  /** Of the metrics, where they have a port of their own. */
  readonly metricsUrl: string | null;
  /**
   * Says that it is not ready any more, sends sockets away, lets requests under way finish for a while, then frees
   * everything. True when all were finished.
   */
  stop(): Promise<boolean>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** `cause` is why. */
export class MetricsPortError extends Error {}

/** Whether it is done within so many milliseconds. */
const isDoneWithin = async (ms: number, work: Promise<unknown>): Promise<boolean> => {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Who may ask for GraphQL may read the metrics beside it: with a token where tokens are needed. */
const metricsGuard = ({ admission, gate }: Gateway['pipeline']): ProbeOptions['denyMetrics'] => {
  return async (request) => {
    const head = headOf(request);
    const refusal = admission(head);
    if (refusal !== null) return refusal;
    try {
      await gate.admit(head.header('authorization'), gate.addressOf(head));
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, message } = error;
      return { status: code === 'UNAUTHENTICATED' ? 401 : code === 'RATE_LIMITED' ? 429 : 503, message };
    }
  };
};

/** The metrics on a port of their own, for whoever reaches that; for pages as little as GraphQL. */
const serveMetrics = (
  { telemetry: { metrics }, allowedOrigins }: Config,
  shown: Pick<ProbeOptions, 'readiness' | 'prometheus' | 'log'>,
): Promise<Listening> | null => {
  if (metrics === null) return null;
  const admission = createAdmission(createOrigins({ allowedOrigins, isLocal: isLoopback(metrics.host) }));
  const probes = createProbes(
    { ...shown, denyMetrics: async (request) => admission(headOf(request)) },
    (_request, response) => response.writeHead(404).end(),
  );
  return listen(probes, metrics.port, metrics.host).catch((cause: unknown) => {
    throw new MetricsPortError('The port of the metrics cannot be opened.', { cause });
  });
};

/** Where the gateway gets its answers: the Wix API, or a sandbox of its own where no address is given. */
const openUpstream = async (wixApiUrl: URL | null, settings: SandboxSettings) => {
  if (wixApiUrl !== null) return { upstreamUrl: wixApiUrl, sandbox: null };
  const sandbox = await startSandbox(settings);
  return { upstreamUrl: new URL(sandbox.url), sandbox };
};

/** Loaded only where there is more than one process. */
const openReplicas = async ({ redis, host, port }: Config, log: Log, metrics: Prometheus) => {
  if (redis === null) return null;
  const [{ createReplicas }, { seatOf }] = await Promise.all([
    import('./replicas/create-replicas.ts'),
    import('./replicas/seat.ts'),
  ]);
  return createReplicas({ ...redis, seat: seatOf(host, port), log, metrics });
};

export const startServer = async (
  config: Config,
  log: Log,
  sandboxSettings: SandboxSettings = usualSettings,
  prometheus: Prometheus = createPrometheus(),
): Promise<RunningServer> => {
  // freed from the last to the first (Node 22 has no AsyncDisposableStack)
  const closers: (() => Promise<unknown>)[] = [];
  const release = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  try {
    const { upstreamUrl, sandbox } = await openUpstream(config.wixApiUrl, sandboxSettings);
    closers.push(async () => sandbox?.close());
    const { telemetry, ...settings } = config;
    const tracing =
      telemetry.tracing === null ? noTracing : await openTracing(telemetry.tracing, log, prometheus);
    closers.push(() => tracing.close());
    const replicas = await openReplicas(config, log, prometheus);
    closers.push(async () => replicas?.close());
    const gateway = createGateway({
      ...settings,
      replicas,
      upstreamUrl,
      log,
      telemetry: { metrics: prometheus, tracing },
      watch: config,
      ...(sandbox
        ? {
            demoAuthorization: 'sandbox-demo',
            examples: { jobId: showcaseJobId, runningJobId: longRunningJobId },
          }
        : {}),
    });
    closers.push(() => gateway.close());
    // the sandbox lends its key, so that nothing but its address of webhooks need be set
    const publicKey = config.webhookPublicKey ?? sandbox?.webhookPublicKey ?? null;
    const { announce, listener, pipeline } = gateway;
    const readiness = createReadiness();
    // without Redis each replica goes on alone; with all of them gone there would be none
    if (replicas) readiness.mention('redis', replicas.problem);
    const answer = createProbes(
      {
        readiness,
        prometheus: telemetry.metrics === null ? prometheus : null,
        denyMetrics: metricsGuard(gateway.pipeline),
        log,
      },
      publicKey
        ? withWebhooks({
            publicKey,
            announce,
            addressOf: pipeline.gate.addressOf,
            clock: systemClock,
            log,
            metrics: prometheus,
            otherwise: listener,
          })
        : listener,
    );
    const { server, url } = await listen(
      (request, response) => {
        // a connection that is kept would have to be cut
        if (readiness.isStopping) response.setHeader('connection', 'close');
        answer(request, response);
      },
      config.port,
      config.host,
      usualBounds,
      prometheus.hungUp,
    );
    closers.push(() => drain(server, 0));
    const metrics = await serveMetrics(config, { readiness, prometheus, log });
    if (metrics) closers.push(() => drain(metrics.server, 0));
    const webSockets = serveWebSockets({
      http: server,
      path: graphqlPath,
      pipeline: gateway.pipeline,
      maxOperations: config.wsMaxOperations,
      clock: systemClock,
      log,
    });
    closers.push(async () => webSockets.terminate());
    log.info(
      sandbox
        ? 'Serving a SANDBOX with made-up jobs: no account, no network. Set WIX_API_URL for the real thing.'
        : `Serving the jobs of ${upstreamUrl.origin}.`,
    );
    const isLent = sandbox !== null && config.credentials.mode === 'passthrough';
    if (!isLent) log.info(`Credentials: ${describeCredentials(config.credentials)}.`);
    if (config.access.mode !== 'none') log.info(`Callers: ${describeAccess(config.access)}.`);
    log.info(`GraphQL${config.playground ? ', and GraphiQL in a browser' : ''}: ${url}${graphqlPath}`);
    if (publicKey) log.info(`Webhooks of Wix: ${url}${webhookPath}`);
    if (metrics) log.info(`Metrics: ${metrics.url}/metrics`);
    else if (!config.isLocal && config.access.mode === 'none') {
      log.warn(
        'Whoever reaches this address may read /metrics. METRICS_PORT gives them a port of their own.',
      );
    }
    if (config.wixApiUrl?.protocol === 'http:' && !isLoopback(config.wixApiUrl.hostname)) {
      log.warn(
        'WIX_API_URL is http: credentials go there unencrypted. Use https, unless the way there is yours alone.',
      );
    }
    if (config.limits.trustedProxies.some(([, bits]) => bits === 0)) {
      log.warn(
        'TRUSTED_PROXIES is everybody: whoever reaches this address directly may say that it is any other. Name your proxies, unless only they can reach it.',
      );
    }
    if (telemetry.tracing !== null) log.info('Traces are sent by OpenTelemetry.');
    /** Goes on listening until those who stay connected have left, so that balancers can see why. */
    const finish = async (patienceMs: number) => {
      await Promise.all([
        webSockets.close(config.drainMs, patienceMs),
        endEventStreams(server, config.drainMs),
      ]);
      await drain(server, patienceMs);
      await gateway.idle();
    };
    return {
      url: `${url}${graphqlPath}`,
      metricsUrl: metrics === null ? null : `${metrics.url}/metrics`,
      async stop() {
        readiness.stop();
        pipeline.operationLog.stop();
        const patienceMs = config.drainMs + config.upstreamTimeoutMs;
        const isFinished = await isDoneWithin(patienceMs, finish(patienceMs));
        await release();
        return isFinished;
      },
      async close() {
        await Promise.all([webSockets.close(0), drain(server, 0)]);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
};
