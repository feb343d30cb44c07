import { onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { createGateway, type GatewayOptions, graphqlPath } from '../../src/gateway.ts';
import { drain, listen } from '../../src/listen.ts';
import { startServer } from '../../src/server.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { serveWebSockets, type WebSockets } from '../../src/websocket/serve-websockets.ts';
import { type Answer, defaultWatch, usualDocuments, usualUpstream } from './gateway.ts';

export interface LiveServer {
  /** Of GraphQL over HTTP; WebSockets and event streams have the same address. */
  readonly url: string;
  /** Of the machine's own questions, for example /ready. */
  readonly origin: string;
  readonly metricsUrl: string | null;
  ask(query: string, headers?: Record<string, string>): Promise<Answer>;
  /** What is being watched for a caller. */
  watching(authorization?: string): Promise<{ watchedJobs: number; pollIntervalMs: number | null }>;
}

export const callerHeaders = { authorization: 'test-credential' };

const clientOf = (url: string, metricsUrl: string | null = null): LiveServer => {
  const ask: LiveServer['ask'] = async (query, headers = callerHeaders) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, ...(await response.json()) };
  };
  return {
    url,
    origin: new URL(url).origin,
    metricsUrl,
    ask,
    watching: async (authorization = callerHeaders.authorization) =>
      (await ask('{ upstream { watchedJobs pollIntervalMs } }', { authorization })).data.upstream,
  };
};

/** Looks every 10 ms, and may. */
const quick = { POLL_MIN_MS: '10', POLL_MAX_MS: '10', UPSTREAM_REQUESTS_PER_MINUTE: '1000000' };

/** The server as it is started, but looking often, closed when the test ends. */
export const openServer = async (
  upstreamUrl: URL,
  env: Record<string, string> = {},
  log: Log = silentLog,
): Promise<LiveServer> => {
  const { config, problems } = readConfig({ PORT: '0', WIX_API_URL: upstreamUrl.href, ...quick, ...env });
  if (!config) throw new Error(problems.join('\n'));
  const server = await startServer(config, log);
  onTestFinished(() => server.close());
  return clientOf(server.url, server.metricsUrl);
};

/** The same parts on a clock of the test's. */
export const openClockedServer = async (
  upstreamUrl: URL,
  clock: Clock,
  options: Partial<GatewayOptions> = {},
): Promise<LiveServer & { readonly webSockets: WebSockets }> => {
  const gateway = createGateway({
    upstreamUrl,
    clock,
    log: silentLog,
    ...usualUpstream,
    ...usualDocuments,
    watch: defaultWatch,
    ...options,
  });
  const { server, url } = await listen(gateway.listener, 0, '127.0.0.1');
  const webSockets = serveWebSockets({
    http: server,
    path: graphqlPath,
    pipeline: gateway.pipeline,
    maxOperations: 100,
    clock,
    log: options.log ?? silentLog,
  });
  onTestFinished(async () => {
    await Promise.all([drain(server, 0), gateway.close()]);
  });
  return { ...clientOf(`${url}${graphqlPath}`), webSockets };
};
