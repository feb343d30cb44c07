import { onTestFinished } from 'vitest';
import { createGateway, type GatewayOptions } from '../../src/gateway.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { silentLog } from '../../src/telemetry/log.ts';

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
}

/** A gateway over the given upstream, closed when the test ends. */
export const openGateway = (
  upstreamUrl: URL | string,
  options: Partial<GatewayOptions> = {},
): TestGateway => {
  const gateway = createGateway({
    upstreamUrl: new URL(upstreamUrl),
    log: silentLog,
    upstreamTimeoutMs: 10_000,
    upstreamRequestsPerMinute: 200,
    ...options,
  });
  onTestFinished(() => gateway.close());
  return {
    fetch: gateway.fetch,
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
): Promise<TestGateway & { readonly sandbox: Sandbox }> => {
  const sandbox = await startSandbox(now ? { now } : {});
  onTestFinished(() => sandbox.close());
  return { ...openGateway(sandbox.url, now ? { now } : {}), sandbox };
};
