import type { RequestListener } from 'node:http';
import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { CredentialSettings } from './config/credential-settings.ts';
import { type Context, createContextFactory, type ReadHeader } from './context.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import type { JobNews } from './domain/job-news.ts';
import { createGraph } from './graph.ts';
import { createJobHub } from './live/job-hub.ts';
import type { WatchOptions } from './live/job-watcher.ts';
import { useEventStreamHeaders } from './plugins/event-stream-headers.ts';
import { useEventStreamsOnly } from './plugins/event-streams-only.ts';
import { useGraphiQL } from './plugins/graphiql.ts';
import type { ExampleIds } from './plugins/graphiql-examples.ts';
import { useJsonRequests } from './plugins/json-requests.ts';
import { createErrorPresenter } from './plugins/present-errors.ts';
import { createSharedExecution, type Delivery } from './plugins/shared-execution.ts';
import type { Log } from './telemetry/log.ts';
import { createUpstream, type UpstreamSettings } from './upstream/upstream.ts';
import { createSubmitMemories } from './writes/submit-memory.ts';

export interface GatewayOptions extends UpstreamSettings {
  /** Where the Wix API is, for example https://www.wixapis.com. */
  readonly upstreamUrl: URL;
  /** With whose rights Wix is asked; those of each caller by default. */
  readonly credentials?: CredentialSettings;
  readonly log: Log;
  readonly watch: Omit<WatchOptions, 'requestsPerMinute'>;
  /** Lent to callers who send no credential: for a sandbox only. Null by default. */
  readonly demoAuthorization?: string | null;
  /** Ids that exist upstream, for the playground's example operations. */
  readonly examples?: ExampleIds;
  readonly clock?: Clock;
}

/** Who is at the other end of a connection that is no HTTP request. */
export interface Connection {
  readonly header: ReadHeader;
  readonly signal: AbortSignal;
}

export interface Gateway {
  /** Answers a web-standard request: for tests and for embedding in another server. */
  fetch(request: Request): Promise<Response>;
  /** The same for node:http. */
  readonly listener: RequestListener;
  /** What another transport needs to run operations exactly as HTTP does. */
  readonly pipeline: Pipeline;
  /** Wix says that something happened to a job. */
  announce(news: JobNews): void;
  close(): Promise<void>;
}

/** The steps of one operation with every plugin around them. */
export interface Enveloped {
  readonly schema: GraphQLSchema;
  parse(source: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
  contextFactory(): object | Promise<object>;
  execute(args: ExecutionArgs): OperationResult;
  subscribe(args: ExecutionArgs): OperationResult;
}

type Result = ExecutionResult | AsyncIterableIterator<ExecutionResult>;
type OperationResult = Result | Promise<Result>;

export interface Pipeline {
  enveloped(connection: Connection): Enveloped;
  present(error: unknown): GraphQLError;
  deliveryOf(context: object): Delivery | undefined;
}

export const graphqlPath = '/graphql';

const noJob = '00000000-0000-0000-0000-000000000000';

/** The composition root: joins upstream, watchers, context, graph and plugins. Listens nowhere by itself. */
export const createGateway = (options: GatewayOptions): Gateway => {
  const { log, clock = systemClock } = options;
  const upstream = createUpstream({ ...options, url: options.upstreamUrl, random: Math.random, clock });
  const hub = createJobHub({
    ...options.watch,
    requestsPerMinute: options.upstreamRequestsPerMinute,
    clock,
    log,
    instanceId: options.credentials?.mode === 'app' ? options.credentials.instanceId : null,
    upstream: (caller, signal) => {
      const { jobs, toUpstreamTime } = upstream.as(caller, 'poll', signal);
      return { ...jobs, toUpstreamTime };
    },
  });
  const contexts = createContextFactory({
    upstream,
    hub,
    submitMemory: createSubmitMemories(clock.now),
    clock,
    demoAuthorization: options.demoAuthorization ?? null,
  });
  const present = createErrorPresenter(log);
  const shared = createSharedExecution({ contexts, present });
  const yoga = createYoga<{ connection?: Connection }, Context>({
    schema: createGraph(),
    graphqlEndpoint: graphqlPath,
    context: ({ connection, request }) =>
      connection
        ? contexts.fromHeaders(connection.header, connection.signal)
        : contexts.fromHeaders((name) => request.headers.get(name), request.signal),
    maskedErrors: { maskError: present },
    // errors are logged where they are presented
    logging: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    cors: false,
    plugins: [
      useGraphiQL({ path: graphqlPath, examples: options.examples ?? { jobId: noJob, runningJobId: noJob } }),
      useJsonRequests(),
      useEventStreamHeaders(),
      useEventStreamsOnly(),
      shared.plugin,
    ],
  });
  return {
    fetch: async (request) => yoga.fetch(request, {}),
    listener: (request, response) => void yoga(request, response),
    pipeline: {
      enveloped: (connection) => yoga.getEnveloped({ connection }),
      present,
      deliveryOf: shared.deliveryOf,
    },
    announce(news) {
      upstream.outdate(news);
      hub.announce(news);
    },
    async close() {
      hub.close();
      await upstream.close();
    },
  };
};
