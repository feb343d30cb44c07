import { onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { UpstreamSettings } from '../../src/upstream/upstream.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever they asked for
  readonly data: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    // biome-ignore lint/suspicious/noExplicitAny: the same
    readonly extensions: any;
  }[];
}

export interface Ask {
  readonly variables?: Record<string, unknown>;
  /** Beside the content type; an Authorization header is sent unless null. */
  readonly headers?: Record<string, string>;
  readonly authorization?: string | null;
}

export interface TestGateway {
  /** Sends one operation through the front door. */
  ask(query: string, options?: Ask): Promise<Answer>;
  fetch(request: Request): Promise<Response>;
  readonly listener: Gateway['listener'];
  readonly announce: Gateway['announce'];
  /** Before the end of the test, which does it too. */
  close(): Promise<void>;
}

/** The watcher's settings as shipped. */
export const defaultWatch: GatewayOptions['watch'] = {
  pollMinMs: 1000,
  pollMaxMs: 15_000,
  pollShare: 0.5,
  staleAfterMs: 30_000,
  watchMaxMs: 86_400_000,
};

const { config: shipped } = readConfig({});
if (!shipped) throw new Error('The configuration as shipped is not valid.');

/** What a caller may ask for, as shipped. */
export const usualDocuments = {
  executionTimeoutMs: shipped.executionTimeoutMs,
  documentLimits: shipped.documentLimits,
  maxAnswerBytes: shipped.maxAnswerBytes,
  trusted: shipped.trusted,
};

/** How upstream is treated, as shipped. */
export const usualUpstream: UpstreamSettings = {
  upstreamTimeoutMs: 10_000,
  upstreamRequestsPerMinute: 200,
  finishedJobTtlMs: 60_000,
  readCacheMs: 0,
};

export interface TestOptions extends Partial<GatewayOptions> {
  /** In place of a whole clock, where no timer matters. */
  readonly now?: () => number;
}

/** A gateway over the given upstream, closed when the test ends. */
export const openGateway = (
  upstreamUrl: URL | string,
  { now, ...options }: TestOptions = {},
): TestGateway => {
  const gateway = createGateway({
    watch: defaultWatch,
    upstreamUrl: new URL(upstreamUrl),
    log: silentLog,
    ...usualUpstream,
    ...usualDocuments,
    ...options,
    ...(now ? { clock: { ...systemClock, now } } : {}),
  });
  onTestFinished(() => gateway.close());
  return {
    fetch: gateway.fetch,
    listener: gateway.listener,
    announce: gateway.announce,
    close: gateway.close,
    async ask(query, { variables, headers, authorization = 'test-credential' } = {}) {
      const response = await gateway.fetch(
        new Request('http://gateway/graphql', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(authorization === null ? {} : { authorization }),
            ...headers,
          },
          body: JSON.stringify({ query, variables }),
        }),
      );
      return { status: response.status, ...(await response.json()) };
    },
  };
};

/** A gateway over a sandbox of its own. */
export const openSandboxGateway = async (
  now?: () => number,
  options: TestOptions = {},
): Promise<TestGateway & { readonly sandbox: Sandbox }> => {
  const sandbox = await startSandbox(now ? { now } : {});
  onTestFinished(() => sandbox.close());
  return { ...openGateway(sandbox.url, { ...options, ...(now ? { now } : {}) }), sandbox };
};
