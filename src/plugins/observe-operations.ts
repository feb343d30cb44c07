import { hash } from 'node:crypto';
import { type DocumentNode, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Principal } from '../access/principal.ts';
import type { Context, ContextFactory, ReadHeader } from '../context.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import { createObserved, type Observed, type OperationIdentity } from '../telemetry/observed.ts';
import type { OperationLog } from '../telemetry/operation-log.ts';
import { operationSpan } from '../telemetry/operation-span.ts';
import { requestIdOf } from '../telemetry/request-id.ts';
import { parseTraceparent } from '../telemetry/traceparent.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { UnderWay } from '../telemetry/under-way.ts';
import type { RequestAuthentication } from './authenticate-requests.ts';
import { untilEnd } from './until-end.ts';

export interface ObservationOptions {
  readonly operationLog: OperationLog;
  readonly tracing: Tracing;
  readonly underWay: UnderWay;
  readonly contexts: Pick<ContextFactory, 'nameOf'>;
  readonly senderOf: RequestAuthentication['senderOf'];
}

export interface Observation {
  /** The first of all plugins, so that it sees what the others refuse. */
  readonly plugin: Plugin<Context>;
  /** The last of all, since another puts its own way of subscribing in place of GraphQL's. */
  readonly subscriptions: Plugin<Context>;
  /** The record of a request over HTTP. */
  observedOf(request: Request): Observed;
}

/** What comes along with what does not come through Yoga's own HTTP. */
interface OtherConnection {
  readonly principal: Principal;
  readonly header: ReadHeader;
  readonly observed: Observed;
  readonly operationName: string | null;
}

interface Beginning {
  readonly request?: Request;
  readonly params?: { readonly operationName?: string | null };
  readonly connection?: OtherConnection;
}

interface Failed {
  readonly errors?: ExecutionResult['errors'] | undefined;
}

/** In place of what was told to nobody. */
export const clientLeft: readonly string[] = ['CLIENT_LEFT'];

/** The codes that a client is told. */
export const codesOf = ({ errors }: Failed): readonly string[] =>
  (errors ?? []).map(({ extensions }) =>
    typeof extensions?.['code'] === 'string' ? extensions['code'] : 'UNKNOWN',
  );

/** That of an error as it was thrown, which is not presented yet. */
const codeOf = (error: GraphQLError): string => {
  const { originalError, extensions } = error;
  const code = originalError instanceof GatewayError ? originalError.code : extensions['code'];
  return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
};

/** A document may be all name, and that stands in each line, span and label. */
const longestName = 200;

/** Documents are cached, so each is hashed once for as long as it is in use. */
const createIdentify = () => {
  const hashes = new WeakMap<DocumentNode, string>();
  const hashOf = (document: DocumentNode): string => {
    const known = hashes.get(document);
    if (known !== undefined) return known;
    const now = hash('sha256', document.loc?.source.body ?? '');
    hashes.set(document, now);
    return now;
  };
  return (document: DocumentNode, operationName: string | null): OperationIdentity | null => {
    const operation = getOperationAST(document, operationName);
    return operation
      ? {
          type: operation.operation,
          name: operation.name?.value.slice(0, longestName) ?? null,
          hash: hashOf(document),
        }
      : null;
  };
};

export const createObservation = (options: ObservationOptions): Observation => {
  const { operationLog, tracing, underWay, contexts, senderOf } = options;
  const requests = new WeakMap<Request, Observed>();
  const identify = createIdentify();

  const noteErrors = (result: unknown) => {
    const isFailed = typeof result === 'object' && result !== null && 'errors' in result;
    if (!isFailed || !Array.isArray(result.errors)) return;
    tracing.note({ 'graphql.errors': result.errors.length });
    tracing.fail(codeOf(result.errors[0]));
  };

  const run = <Result>({ observed }: Context, work: () => Result): Result => {
    if (!tracing.isOn) return work();
    return operationSpan(tracing, observed, () => {
      const result = work();
      if (result instanceof Promise) result.then(noteErrors, () => undefined);
      else noteErrors(result);
      return result;
    });
  };

  return {
    observedOf(request) {
      const observed = requests.get(request);
      if (observed === undefined) throw new Error('A request came in unobserved.');
      return observed;
    },
    subscriptions: {
      onSubscribe({ args: { contextValue }, subscribeFn, setSubscribeFn }) {
        setSubscribeFn((args) => run(contextValue, () => subscribeFn(args)));
      },
    },
    plugin: {
      onRequestParse({ request: { headers }, request }) {
        const observed = createObserved({
          requestId: requestIdOf(headers.get('x-request-id')),
          traceparent: parseTraceparent(headers.get('traceparent')),
          transport: 'http',
        });
        requests.set(request, observed);
      },
      onEnveloped({ context }) {
        if (!context) return;
        const { request, connection }: Beginning = context;
        const observed = connection?.observed ?? (request && requests.get(request));
        if (observed === undefined) return;
        observed.nameCaller = () => {
          if (connection) return contexts.nameOf(connection.header, connection.principal);
          return request
            ? contexts.nameOf((name) => request.headers.get(name), senderOf(request).principal)
            : null;
        };
      },
      onParse({ context }) {
        const { request, params, connection }: Beginning = context;
        const observed = connection?.observed ?? (request && requests.get(request));
        if (observed === undefined) return;
        return ({ result }) => {
          if (result === null || result instanceof Error) return;
          observed.identity = identify(result, connection?.operationName ?? params?.operationName ?? null);
        };
      },
      onExecute({ args: { contextValue }, executeFn, setExecuteFn }) {
        setExecuteFn((args) => underWay.track(run(contextValue, () => executeFn(args))));
      },
      onResultProcess({ request, result, setResult }) {
        const observed = requests.get(request);
        if (observed === undefined) return;
        if (isAsyncIterable<ExecutionResult>(result)) {
          observed.transport = 'sse';
          operationLog.began(observed);
          // its end is the end of the operation
          const codes: string[] = [];
          setResult(
            untilEnd(result[Symbol.asyncIterator](), {
              signal: request.signal,
              onResult: (each) => void (codes.length === 0 && codes.push(...codesOf(each))),
              onEnd: (failure) =>
                operationLog.ended(observed, failure ? [...codes, 'INTERNAL_SERVER_ERROR'] : codes),
            }),
          );
        } else {
          const codes = result && 'errors' in result ? codesOf(result) : [];
          operationLog.ended(observed, codes.length > 0 && request.signal.aborted ? clientLeft : codes);
        }
      },
      onResponse({ request, response }) {
        const observed = requests.get(request);
        if (observed !== undefined) response.headers.set('x-request-id', observed.requestId);
      },
    },
  };
};
