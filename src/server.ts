import { describeAccess } from './config/access-settings.ts';
import { describeCredentials } from './config/credential-settings.ts';
import type { RedisSettings } from './config/redis-settings.ts';
import type { Config } from './config.ts';
import { systemClock } from './domain/clock.ts';
import { createGateway, graphqlPath } from './gateway.ts';
import { drain, listen } from './listen.ts';
import { startSandbox } from './sandbox/sandbox.ts';
import { longRunningJobId, showcaseJobId } from './sandbox/seed/landmarks.ts';
import { type SandboxSettings, usualSettings } from './sandbox/settings.ts';
import type { Log } from './telemetry/log.ts';
import { webhookPath, withWebhooks } from './webhooks/serve-webhooks.ts';
import { serveWebSockets } from './websocket/serve-websockets.ts';

export interface RunningServer {
  /** Of GraphQL, for example http://127.0.0.1:4000/graphql. */
  readonly url: string;
  /** Ends listening, lets requests under way finish for a while, then frees everything. */
  close(): Promise<void>;
}

/** How long requests under way may take when the server stops. */
const drainMs = 5_000;
/** WebSockets are closed spread over this, so that their clients do not all come back at once. */
const webSocketCloseMs = 1_000;

/** Where the gateway gets its answers: the Wix API, or a sandbox of its own where no address is given. */
const openUpstream = async (wixApiUrl: URL | null, settings: SandboxSettings) => {
  if (wixApiUrl !== null) return { upstreamUrl: wixApiUrl, sandbox: null };
  const sandbox = await startSandbox(settings);
  return { upstreamUrl: new URL(sandbox.url), sandbox };
};

/** Loaded only where there is more than one process. */
const openReplicas = async (redis: RedisSettings | null, log: Log) => {
  if (redis === null) return null;
  const { createReplicas } = await import('./replicas/create-replicas.ts');
  return createReplicas({ ...redis, log });
};

export const startServer = async (
  config: Config,
  log: Log,
  sandboxSettings: SandboxSettings = usualSettings,
): Promise<RunningServer> => {
  const { upstreamUrl, sandbox } = await openUpstream(config.wixApiUrl, sandboxSettings);
  const replicas = await openReplicas(config.redis, log);
  const gateway = createGateway({
    ...config,
    replicas,
    upstreamUrl,
    log,
    watch: config,
    ...(sandbox
      ? {
          demoAuthorization: 'sandbox-demo',
          examples: { jobId: showcaseJobId, runningJobId: longRunningJobId },
        }
      : {}),
  });
  const release = async () => {
    await gateway.close();
    await replicas?.close();
    await sandbox?.close();
  };
  try {
    // the sandbox lends its key, so that nothing but its address of webhooks need be set
    const publicKey = config.webhookPublicKey ?? sandbox?.webhookPublicKey ?? null;
    const { announce, listener: otherwise } = gateway;
    const listener = publicKey
      ? withWebhooks({ publicKey, announce, clock: systemClock, log, otherwise })
      : otherwise;
    const { server, url } = await listen(listener, config.port, config.host);
    const webSockets = serveWebSockets({
      http: server,
      path: graphqlPath,
      pipeline: gateway.pipeline,
      maxOperations: config.wsMaxOperations,
      clock: systemClock,
      log,
    });
    log.info(
      sandbox
        ? 'Serving a SANDBOX with made-up jobs: no account, no network. Set WIX_API_URL for the real thing.'
        : `Serving the jobs of ${upstreamUrl.origin}.`,
    );
    const isLent = sandbox !== null && config.credentials.mode === 'passthrough';
    if (!isLent) log.info(`Credentials: ${describeCredentials(config.credentials)}.`);
    log.info(`GraphQL${config.playground ? ', and GraphiQL in a browser' : ''}: ${url}${graphqlPath}`);
    if (config.access.mode !== 'none') log.info(`Callers: ${describeAccess(config.access)}.`);
    if (publicKey) log.info(`Webhooks of Wix: ${url}${webhookPath}`);
    return {
      url: `${url}${graphqlPath}`,
      close: async () => {
        await Promise.all([drain(server, drainMs), webSockets.close(webSocketCloseMs)]);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
};
