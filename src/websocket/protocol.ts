import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import { isAsyncIterable } from 'graphql-yoga';
import { type CallerHeaders, callerHeaders, type ReadHeader } from '../context.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Enveloped, Pipeline } from '../pipeline.ts';
import { clientLeft, codesOf } from '../plugins/observe-operations.ts';
import { inFrame } from '../plugins/present-errors.ts';
import { createObserved, type Observed } from '../telemetry/observed.ts';
import { parseTraceparent, type Traceparent } from '../telemetry/traceparent.ts';
import { answer } from './answer.ts';
import { deliver } from './deliver.ts';
import type { FrameSender } from './frame-sender.ts';
import type { SocketEntry } from './socket-entry.ts';

/** One operation of a socket. */
export interface SocketOperation {
  readonly abort: AbortController;
  readonly observed: Observed;
  /** True for a subscription that has begun: nobody waits for its end. */
  isStream: boolean;
  /** What its client was told of errors. */
  codes: readonly string[];
}

/** What one socket keeps beside what graphql-ws keeps. */
export interface SocketState {
  /** Reads a header of the upgrade request; once greeted, a connection parameter before that. */
  header: ReadHeader;
  readonly sender: FrameSender;
  readonly entry: SocketEntry;
  /** The operations under way, by their ids. */
  readonly operations: Map<string, SocketOperation>;
  /** Of the upgrade request: those of its operations begin with it. */
  readonly requestId: string;
  readonly traceparent: Traceparent | null;
  /** How many operations there have been. */
  count: number;
  /** True once the socket only waits for what is under way. */
  isClosing: boolean;
  /** An operation has ended. */
  onEnd: () => void;
  /** Whether the client still waits for an operation. */
  isWanted: (id: string) => boolean;
}

export interface ProtocolOptions {
  readonly pipeline: Pipeline;
  readonly maxOperations: number;
}

/** Connection parameters by name in any letter case; one that is missing there may be a header of the upgrade. */
const headerReader = (params: Record<string, unknown> | undefined, upgradeHeader: ReadHeader): ReadHeader => {
  const known: readonly string[] = callerHeaders;
  // nothing else of them is kept: sockets are many, and live long
  const given = Object.entries(params ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' && known.includes(name.toLowerCase()) ? [[name.toLowerCase(), value]] : [],
  );
  if (given.length === 0) return upgradeHeader;
  const byName: CallerHeaders = Object.fromEntries(given);
  return (name) => byName[name] ?? upgradeHeader(name);
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** graphql-ws wraps what a stream fails with, and leaves off where in the document that was. */
const unwrapped = (error: GraphQLError): readonly GraphQLError[] => {
  const { originalError } = error;
  if (originalError instanceof AggregateError) return originalError.errors;
  return [originalError instanceof GraphQLError ? originalError : error];
};

/** A message with the id of a document need have no query, which graphql-ws takes for a breach of the protocol. */
export const withQuery = (message: string): string => {
  if (!/"(documentId|doc_id|persistedQuery)"/.test(message)) return message;
  try {
    const parsed: unknown = JSON.parse(message);
    if (!isObject(parsed) || !('payload' in parsed) || !isObject(parsed.payload)) return message;
    if ('query' in parsed.payload && parsed.payload.query !== null) return message;
    return JSON.stringify({ ...parsed, payload: { ...parsed.payload, query: '' } });
  } catch {
    // graphql-ws says what is wrong with it
    return message;
  }
};

/** An operation may be part of another trace than its socket. */
const traceparentOf = (extensions: unknown): Traceparent | null =>
  isObject(extensions) && 'traceparent' in extensions && typeof extensions.traceparent === 'string'
    ? parseTraceparent(extensions.traceparent)
    : null;

const restarting = () =>
  new GatewayError('UPSTREAM_UNAVAILABLE', 'The gateway is restarting. Connect again, and ask there.', {
    notSent: true,
  });

/** Ends a subscription that never began with an error frame. */
const failing = (errors: readonly GraphQLError[]): AsyncIterableIterator<never> => ({
  next: () => Promise.reject(new AggregateError(errors)),
  [Symbol.asyncIterator]() {
    return this;
  },
});

/** graphql-transport-ws through the very pipeline of HTTP: same parsing, rules, context, masking and resolvers. */
export const createProtocol = ({ pipeline, maxOperations }: ProtocolOptions): Server<SocketState> => {
  const envelopes = new WeakMap<object, Enveloped>();
  const envelopeOf = ({ contextValue }: ExecutionArgs): Enveloped => {
    const enveloped = isObject(contextValue) ? envelopes.get(contextValue) : undefined;
    if (enveloped === undefined) throw new Error('An operation has lost its envelope.');
    return enveloped;
  };

  return makeServer<Record<string, unknown>, SocketState>({
    onConnect({ connectionParams, extra, subscriptions }) {
      extra.isWanted = (id) => id in subscriptions;
      extra.header = headerReader(connectionParams, extra.header);
      return extra.entry.enter(extra.header('authorization'));
    },
    async onSubscribe({ subscriptions, extra }, id, payload) {
      const { variables, operationName } = payload;
      extra.count += 1;
      const observed = createObserved({
        requestId: `${extra.requestId}/${extra.count}`,
        traceparent: traceparentOf(payload.extensions) ?? extra.traceparent,
        transport: 'ws',
      });
      const refuse = (...errors: readonly unknown[]) => {
        // nobody tells of the end of what never began
        extra.operations.delete(id);
        const presented = errors.map(pipeline.present);
        pipeline.operationLog.ended(observed, codesOf({ errors: presented }));
        extra.onEnd();
        return presented;
      };
      if (extra.isClosing) return refuse(restarting());
      if (Object.keys(subscriptions).length > maxOperations) {
        return refuse(
          new GatewayError(
            'BAD_USER_INPUT',
            `This connection already has ${maxOperations} operations under way. Complete one of them, or open another connection.`,
          ),
        );
      }
      const abort = new AbortController();
      extra.operations.set(id, { abort, observed, isStream: false, codes: [] });
      try {
        const principal = extra.entry.begin();
        // who has not read the answers before this one gets no further one made
        await extra.sender.whenTaken();
        const enveloped = pipeline.enveloped({
          principal,
          header: extra.header,
          signal: abort.signal,
          observed,
          operationName: operationName ?? null,
        });
        const { schema } = enveloped;
        const document = enveloped.parse(pipeline.findDocument(payload) ?? '');
        const invalid = enveloped.validate(schema, document);
        if (invalid.length > 0) return refuse(...invalid);
        if (!getOperationAST(document, operationName)) {
          return refuse(new GraphQLError('Could not determine what operation to execute.'));
        }
        const contextValue = await enveloped.contextFactory();
        envelopes.set(contextValue, enveloped);
        return { schema, document, operationName, variableValues: variables, contextValue };
      } catch (error) {
        return refuse(error);
      }
    },
    execute: (args) => envelopeOf(args).execute(args),
    subscribe: (args) => envelopeOf(args).subscribe(args),
    onOperation({ extra }, id, _payload, args, result) {
      const operation = extra.operations.get(id);
      const delivery = isObject(args.contextValue) ? pipeline.deliveryOf(args.contextValue) : undefined;
      // graphql-ws holds on to it until all has been read, which has no need of it
      args.contextValue = undefined;
      if (delivery !== undefined) {
        if (operation) {
          operation.isStream = true;
          pipeline.operationLog.began(operation.observed);
          // who is leaving waits for answers, not for this
          extra.onEnd();
        }
        return deliver({ operationId: id, delivery, send: extra.sender.send, present: pipeline.present });
      }
      const codes = 'errors' in result ? codesOf(result) : [];
      if (operation) operation.codes = codes;
      if (isAsyncIterable(result)) return result;
      const isRefused = 'errors' in result && !('data' in result);
      return isRefused ? failing(result.errors ?? []) : answer(id, result, extra.sender.send);
    },
    onError({ extra }, id, _payload, errors) {
      const told = errors.flatMap(unwrapped);
      const operation = extra.operations.get(id);
      if (operation) operation.codes = codesOf({ errors: told });
      return told.map(inFrame);
    },
    onComplete({ extra }, id) {
      const operation = extra.operations.get(id);
      if (!operation) return;
      const { abort, isStream, observed, codes } = operation;
      const hasLeft = abort.signal.aborted && !isStream && codes.length > 0;
      extra.operations.delete(id);
      abort.abort();
      pipeline.operationLog.ended(observed, hasLeft ? clientLeft : codes);
      extra.onEnd();
    },
  });
};
