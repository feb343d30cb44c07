import type { RequestListener } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { createContextFactory } from './context.ts';
import { createGraph } from './graph.ts';
import { useGraphiQL } from './plugins/graphiql.ts';
import type { ExampleIds } from './plugins/graphiql-examples.ts';
import { useJsonRequests } from './plugins/json-requests.ts';
import { createErrorPresenter } from './plugins/present-errors.ts';
import type { Log } from './telemetry/log.ts';
import { createUpstream } from './upstream/upstream.ts';

export interface GatewayOptions {
  /** Where the Wix API is, for example https://www.wixapis.com. */
  readonly upstreamUrl: URL;
  readonly log: Log;
  /** How long one upstream call may take. */
  readonly upstreamTimeoutMs: number;
  /** Upstream's allowance for one caller. */
  readonly upstreamRequestsPerMinute: number;
  /** Lent to callers who send no credential: for a sandbox only. Null by default. */
  readonly demoAuthorization?: string | null;
  /** Ids that exist upstream, for the playground's example operations. */
  readonly examples?: ExampleIds;
  readonly now?: () => number;
}

export interface Gateway {
  /** Answers a web-standard request: for tests and for embedding in another server. */
  fetch(request: Request): Promise<Response>;
  /** The same for node:http. */
  readonly listener: RequestListener;
  close(): Promise<void>;
}

export const graphqlPath = '/graphql';

const noJob = '00000000-0000-0000-0000-000000000000';

/** The composition root: joins upstream, context, graph and plugins. Listens nowhere by itself. */
export const createGateway = (options: GatewayOptions): Gateway => {
  const { upstreamUrl, log, upstreamTimeoutMs, upstreamRequestsPerMinute, now = Date.now } = options;
  const upstream = createUpstream({
    url: upstreamUrl,
    timeoutMs: upstreamTimeoutMs,
    requestsPerMinute: upstreamRequestsPerMinute,
    now,
    log,
  });
  const createContext = createContextFactory({
    upstream,
    now,
    demoAuthorization: options.demoAuthorization ?? null,
  });
  const yoga = createYoga({
    schema: createGraph(),
    graphqlEndpoint: graphqlPath,
    context: ({ request }) => createContext((name) => request.headers.get(name), request.signal),
    maskedErrors: { maskError: createErrorPresenter(log) },
    // errors are logged where they are presented
    logging: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    cors: false,
    plugins: [
      useGraphiQL({ path: graphqlPath, examples: options.examples ?? { jobId: noJob } }),
      useJsonRequests(),
    ],
  });
  return {
    fetch: async (request) => yoga.fetch(request),
    listener: (request, response) => void yoga(request, response),
    close: () => upstream.close(),
  };
};
