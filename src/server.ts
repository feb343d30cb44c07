import type { Config } from './config.ts';
import { createGateway, graphqlPath } from './gateway.ts';
import { drain, listen } from './listen.ts';
import { startSandbox } from './sandbox/sandbox.ts';
import { showcaseJobId } from './sandbox/seed/landmarks.ts';
import type { Log } from './telemetry/log.ts';

export interface RunningServer {
  /** Of GraphQL, for example http://127.0.0.1:4000/graphql. */
  readonly url: string;
  /** Ends listening, lets requests under way finish for a while, then frees everything. */
  close(): Promise<void>;
}

const drainMs = 5_000;

/** Where the gateway gets its answers: the Wix API, or a sandbox of its own where no address is given. */
const openUpstream = async (wixApiUrl: URL | null) => {
  if (wixApiUrl !== null) return { upstreamUrl: wixApiUrl, sandbox: null };
  const sandbox = await startSandbox();
  return { upstreamUrl: new URL(sandbox.url), sandbox };
};

export const startServer = async (config: Config, log: Log): Promise<RunningServer> => {
  const { upstreamUrl, sandbox } = await openUpstream(config.wixApiUrl);
  const gateway = createGateway({
    upstreamUrl,
    log,
    upstreamTimeoutMs: config.upstreamTimeoutMs,
    upstreamRequestsPerMinute: config.upstreamRequestsPerMinute,
    ...(sandbox ? { demoAuthorization: 'sandbox-demo', examples: { jobId: showcaseJobId } } : {}),
  });
  const release = async () => {
    await gateway.close();
    await sandbox?.close();
  };
  try {
    const { server, url } = await listen(gateway.listener, config.port, config.host);
    log.info(
      sandbox
        ? 'Serving a SANDBOX with made-up jobs: no account, no network. Set WIX_API_URL for the real thing.'
        : `Serving the jobs of ${upstreamUrl.origin}; callers bring their own Wix credential.`,
    );
    log.info(`GraphQL, and GraphiQL in a browser: ${url}${graphqlPath}`);
    return {
      url: `${url}${graphqlPath}`,
      close: async () => {
        await drain(server, drainMs);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
};
