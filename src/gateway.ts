import type { IncomingMessage, RequestListener } from 'node:http';
import { createYoga, processRegularResult } from 'graphql-yoga';
import { createAccess } from './access/access.ts';
import { createAdmission } from './access/admission.ts';
import type { Arrival } from './access/arrival.ts';
import { createGate } from './access/gate.ts';
import { createOrigins } from './access/origins.ts';
import type { AccessSettings } from './config/access-settings.ts';
import type { CredentialSettings } from './config/credential-settings.ts';
import type { DocumentSettings } from './config/document-settings.ts';
import { type LimitSettings, noLimits } from './config/limit-settings.ts';
import { type Context, createContextFactory } from './context.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import type { JobNews } from './domain/job-news.ts';
import { createGraph } from './graph.ts';
import { createJsonFront } from './json-front.ts';
import { createJobHub } from './live/job-hub.ts';
import type { WatchOptions } from './live/watch-options.ts';
import type { Connection, Pipeline } from './pipeline.ts';
import { createRequestAuthentication } from './plugins/authenticate-requests.ts';
import { useCompiledQueries } from './plugins/compile-queries.ts';
import { useEventStreamCount } from './plugins/count-event-streams.ts';
import { createCrossOrigin } from './plugins/cross-origin.ts';
import { createDocumentCache } from './plugins/document-cache.ts';
import { useDocumentErrors } from './plugins/document-errors.ts';
import { useEventStreamHeaders } from './plugins/event-stream-headers.ts';
import { useEventStreamsOnly } from './plugins/event-streams-only.ts';
import { createExecutionDeadline } from './plugins/execution-deadline.ts';
import { useGraphiQL } from './plugins/graphiql.ts';
import type { ExampleIds } from './plugins/graphiql-examples.ts';
import { useGuardedRequests } from './plugins/guard-requests.ts';
import { createAnswerLimit } from './plugins/limit-answers.ts';
import { useDocumentLimits } from './plugins/limit-documents.ts';
import { useNoIntrospection, withoutSuggestion } from './plugins/no-introspection.ts';
import { createObservation } from './plugins/observe-operations.ts';
import { createErrorPresenter } from './plugins/present-errors.ts';
import { useScopes } from './plugins/scopes.ts';
import { createSharedExecution } from './plugins/shared-execution.ts';
import { useTokenLife } from './plugins/token-life.ts';
import {
  createFindDocument,
  documentParameters,
  reportUnfitDocuments,
  useTrustedDocuments,
} from './plugins/trusted-documents.ts';
import type { Replicas } from './replicas/replicas.ts';
import type { Log } from './telemetry/log.ts';
import { createOperationLog } from './telemetry/operation-log.ts';
import { noTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { createUnderWay } from './telemetry/under-way.ts';
import { createUpstream, type UpstreamSettings } from './upstream/upstream.ts';
import { unsharedSubmits } from './writes/shared-submits.ts';
import { createSubmitMemories } from './writes/submit-memory.ts';

export interface GatewayOptions extends UpstreamSettings, DocumentSettings {
  /** Where the Wix API is, for example https://www.wixapis.com. */
  readonly upstreamUrl: URL;
  /** With whose rights Wix is asked; those of each caller by default. */
  readonly credentials?: CredentialSettings;
  /** How callers say who they are; they need not by default. Needs credentials of the gateway's own. */
  readonly access?: AccessSettings;
  /** What one caller or address may do; anything by default. */
  readonly limits?: LimitSettings;
  readonly log: Log;
  /** Nothing is counted or traced by default. */
  readonly telemetry?: Telemetry;
  readonly watch: Omit<WatchOptions, 'requestsPerMinute'>;
  /** Lent to callers who send no credential: for a sandbox only. Null by default. */
  readonly demoAuthorization?: string | null;
  /** Ids that exist upstream, for the playground's example operations. */
  readonly examples?: ExampleIds;
  /** GraphiQL, introspection and suggestions for misspelt names. False by default. */
  readonly playground?: boolean;
  /** Of pages that may ask, beside the gateway's own. */
  readonly allowedOrigins?: readonly string[];
  /** True when only this machine reaches the gateway: then it answers under the names of this machine only. */
  readonly isLocal?: boolean;
  readonly clock?: Clock;
  /** The other processes that are the same gateway; none by default. Closed by whoever opened it. */
  readonly replicas?: Replicas | null;
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
  /** Settles once no operation is under way, not even one whose client has left. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export const graphqlPath = '/graphql';

const noJob = '00000000-0000-0000-0000-000000000000';

/** The composition root: joins upstream, watchers, context, graph and plugins. Listens nowhere by itself. */
export const createGateway = (options: GatewayOptions): Gateway => {
  const { log, clock = systemClock, playground = false, allowedOrigins = [], isLocal = false } = options;
  const { access: settings = { mode: 'none' }, limits = noLimits, telemetry = noTelemetry } = options;
  const { metrics, tracing } = telemetry;
  const origins = createOrigins({ allowedOrigins, isLocal });
  const admission = createAdmission(origins);
  const gate = createGate({ access: createAccess({ settings, clock, log }), limits, clock, log, metrics });
  const authentication = createRequestAuthentication(gate);
  const crossOrigin = createCrossOrigin(origins, graphqlPath);
  const { replicas = null } = options;
  const upstream = createUpstream({
    ...options,
    url: options.upstreamUrl,
    random: Math.random,
    clock,
    telemetry,
    spending: replicas?.spending ?? null,
  });
  const hub = createJobHub({
    ...options.watch,
    requestsPerMinute: options.upstreamRequestsPerMinute,
    clock,
    log,
    ...(replicas ? { company: replicas.company } : {}),
    instanceId: options.credentials?.mode === 'app' ? options.credentials.instanceId : null,
    telemetry,
    upstream: (caller, signal) => {
      const { jobs, toUpstreamTime } = upstream.as(caller, 'poll', signal);
      return { ...jobs, toUpstreamTime };
    },
  });
  const hear = (news: JobNews) => {
    upstream.outdate(news);
    hub.announce(news);
  };
  replicas?.onAnnounced(hear);
  const contexts = createContextFactory({
    upstream,
    hub,
    submitMemory: createSubmitMemories(clock.now),
    submits: replicas?.submits ?? unsharedSubmits,
    clock,
    telemetry,
    demoAuthorization: options.demoAuthorization ?? null,
  });
  metrics.follow(() => ({ ...upstream.state(), answers: answers.state(), live: hub.state(), replicas }));
  const operationLog = createOperationLog(log, metrics, tracing);
  const underWay = createUnderWay();
  const { senderOf } = authentication;
  const observation = createObservation({ operationLog, tracing, underWay, contexts, senderOf });
  const presentAll = createErrorPresenter(log);
  const present = playground ? presentAll : (error: unknown) => withoutSuggestion(presentAll(error));
  const deadline = createExecutionDeadline(options.executionTimeoutMs, clock);
  const answers = createAnswerLimit({ settings: options, metrics, present });
  const shared = createSharedExecution({
    contexts,
    present,
    answers,
    within: deadline.within,
    metrics,
    now: clock.now,
  });
  const schema = createGraph();
  const findDocument = createFindDocument(options.trusted);
  reportUnfitDocuments(options.trusted.documents, schema, log);
  const yoga = createYoga<{ connection?: Connection; req?: IncomingMessage; arrival?: Arrival }, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ connection, request }) =>
      connection
        ? contexts.fromHeaders(connection.header, connection)
        : contexts.fromHeaders((name) => request.headers.get(name), {
            principal: senderOf(request).principal,
            signal: request.signal,
            observed: observation.observedOf(request),
          }),
    maskedErrors: { maskError: present },
    parserAndValidationCache: createDocumentCache(),
    // errors are logged where they are presented
    logging: false,
    graphiql: false,
    // a server has one of its own; no address ends in a space, so this one is never asked
    healthCheckEndpoint: ' ',
    landingPage: false,
    multipart: false,
    cors: false,
    // its own limit costs more than the rest of a small request
    maxRequestBodySize: false,
    extraParamNames: documentParameters,
    plugins: [
      // beneath all others: they see what it gives as what the executor gives
      useCompiledQueries(),
      observation.plugin,
      useDocumentErrors(),
      crossOrigin.plugin,
      useGuardedRequests(admission),
      playground
        ? useGraphiQL({
            path: graphqlPath,
            examples: options.examples ?? { jobId: noJob, runningJobId: noJob },
          })
        : useNoIntrospection(),
      authentication.plugin,
      useEventStreamHeaders(),
      useEventStreamsOnly(),
      useTrustedDocuments(findDocument),
      useScopes(present),
      useDocumentLimits(options.documentLimits, present),
      answers.plugin,
      useEventStreamCount({ gate, senderOf, present }),
      deadline.plugin,
      useTokenLife({ gate, present }),
      shared.plugin,
      observation.subscriptions,
    ],
  });
  const pipeline: Pipeline = {
    admission,
    gate,
    operationLog,
    enveloped: (connection) => yoga.getEnveloped({ connection }),
    findDocument,
    present,
    deliveryOf: shared.deliveryOf,
  };
  return {
    fetch: async (request) => yoga.fetch(request, {}),
    listener: createJsonFront({
      path: graphqlPath,
      pipeline,
      admit: authentication.admit,
      headersFor: crossOrigin.headersFor,
      otherwise: (request, response, arrival) => void yoga(request, response, arrival ? { arrival } : {}),
      respond: (result, mediaType) => processRegularResult(result, yoga.fetchAPI, mediaType),
    }),
    pipeline,
    announce(news) {
      hear(news);
      replicas?.announce(news);
    },
    idle: underWay.none,
    async close() {
      gate.close();
      hub.close();
      await upstream.close();
    },
  };
};
