import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type DocumentNode, type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import { maxBodyBytes, noAddress } from './access/admission.ts';
import type { Arrival } from './access/arrival.ts';
import { readNodeBody } from './access/read-body.ts';
import { headOf, isAddressed, type RequestHead } from './access/request-head.ts';
import type { Connection, Enveloped, Pipeline } from './pipeline.ts';
import type { RequestAuthentication } from './plugins/authenticate-requests.ts';
import type { CrossOrigin } from './plugins/cross-origin.ts';
import { clientLeft, codesOf } from './plugins/observe-operations.ts';
import { createObserved } from './telemetry/observed.ts';
import { requestIdOf } from './telemetry/request-id.ts';
import { parseTraceparent } from './telemetry/traceparent.ts';

export type MediaType = 'application/json' | 'application/graphql-response+json';

export interface JsonFrontOptions {
  /** Of GraphQL. */
  readonly path: string;
  readonly pipeline: Pipeline;
  readonly admit: RequestAuthentication['admit'];
  readonly headersFor: CrossOrigin['headersFor'];
  /** Writes a result with errors as Yoga does. */
  readonly respond: (result: ExecutionResult, mediaType: MediaType) => Response;
  /** Answers what this front does not. `arrival` is what has been found out, where something has. */
  readonly otherwise: (request: IncomingMessage, response: ServerResponse, arrival?: Arrival) => void;
}

/** What a request says once it is known to be a query or mutation that can be run. */
interface Prepared {
  readonly enveloped: Enveloped;
  readonly document: DocumentNode;
  readonly params: Params;
}

interface Params {
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly operationName?: string | null;
  readonly extensions?: object | null;
}

const mediaTypes: ReadonlyMap<string, MediaType> = new Map([
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
]);

/** The least that answers are written with; what else a client accepts is weighed by Yoga. */
const mediaTypeOf = ({ headers: { accept = '' } }: IncomingMessage) => mediaTypes.get(accept);

const isObjectOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value));

const isTextOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || typeof value === 'string';

const paramNames = new Set(['query', 'variables', 'operationName', 'extensions', 'documentId', 'doc_id']);

const isParams = (body: unknown): body is Params => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { query, variables, operationName, extensions }: { [name: string]: unknown } = { ...body };
  return (
    isTextOrNothing(query) &&
    isObjectOrNothing(variables) &&
    isTextOrNothing(operationName) &&
    isObjectOrNothing(extensions) &&
    Object.keys(body).every((name) => paramNames.has(name))
  );
};

/** Yoga would make a stack trace of it. */
const refuseAddress = (response: ServerResponse) => {
  const { status, message, headers } = noAddress;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }));
};

const prepare = (
  pipeline: Pipeline,
  text: string | null,
  connection: Omit<Connection, 'operationName'>,
): Prepared | null => {
  try {
    const params: unknown = text === null ? null : JSON.parse(text);
    if (!isParams(params)) return null;
    const { operationName = null } = params;
    const query = pipeline.findDocument(params);
    if (query === undefined) return null;
    const enveloped = pipeline.enveloped({ ...connection, operationName });
    const document = enveloped.parse(query);
    if (enveloped.validate(enveloped.schema, document).length > 0) return null;
    const operation = getOperationAST(document, operationName);
    return operation && operation.operation !== 'subscription' ? { enveloped, document, params } : null;
  } catch {
    // Yoga says what is wrong with it
    return null;
  }
};

/**
 * A short way for what nearly every request is: a JSON POST of a query or a mutation. It runs in the very pipeline of
 * Yoga, every plugin included, without a web-standard request and response around it. Whatever is out of the ordinary
 * before an operation runs, mistakes included, is Yoga's to answer; but what it could not make an address of.
 */
export const createJsonFront = (options: JsonFrontOptions): RequestListener => {
  const { path, pipeline, admit, headersFor, respond, otherwise } = options;

  const run = async ({ enveloped, document, params }: Prepared): Promise<ExecutionResult> => {
    try {
      const contextValue = await enveloped.contextFactory();
      const result = await enveloped.execute({
        schema: enveloped.schema,
        document,
        contextValue,
        variableValues: params.variables ?? null,
        operationName: params.operationName ?? null,
      });
      if (isAsyncIterable(result)) throw new Error('A query or mutation has more than one result.');
      return result;
    } catch (error) {
      return { errors: [pipeline.present(error)] };
    }
  };

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    { head, accepted }: { readonly head: RequestHead; readonly accepted: MediaType },
  ) => {
    const { host, header } = head;
    const observed = createObserved({
      requestId: requestIdOf(header('x-request-id')),
      traceparent: parseTraceparent(header('traceparent')),
      transport: 'http',
    });
    const sender = admit(head);
    const refused = await sender.then(
      () => false,
      () => true,
    );
    if (refused) return otherwise(request, response, { sender, body: undefined });
    const body = readNodeBody(request, maxBodyBytes);
    const text = await body.catch(() => null);
    const leave = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) leave.abort();
    });
    const { principal } = await sender;
    const prepared = prepare(pipeline, text, { principal, header, signal: leave.signal, observed });
    if (prepared === null) return otherwise(request, response, { sender, body });
    const result = await run(prepared);
    const codes = codesOf(result);
    pipeline.operationLog.ended(observed, codes.length > 0 && leave.signal.aborted ? clientLeft : codes);
    const headers = { ...headersFor({ origin: header('origin'), host }), 'x-request-id': observed.requestId };
    if (result.errors === undefined) {
      // a string goes out in one piece with its headers
      const json = JSON.stringify(result);
      const contentHeaders = {
        'content-type': `${accepted}; charset=utf-8`,
        'content-length': Buffer.byteLength(json),
      };
      response.writeHead(200, { ...contentHeaders, ...headers });
      response.end(json);
      return;
    }
    const told = respond(result, accepted);
    response.writeHead(told.status, { ...Object.fromEntries(told.headers), ...headers });
    response.end(await told.text());
  };

  return (request, response) => {
    if (!isAddressed(request)) return refuseAddress(response);
    const accepted = mediaTypeOf(request);
    const isOrdinary =
      request.method === 'POST' && request.url === path && request.headers['content-length'] !== undefined;
    const head = headOf(request);
    if (accepted === undefined || !isOrdinary || pipeline.admission(head) !== null) {
      return otherwise(request, response);
    }
    answer(request, response, { head, accepted }).catch((error: unknown) => {
      // presenting it logs it; nobody can be told any more where an answer has begun
      const result = { errors: [pipeline.present(error)] };
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(500, { 'content-type': 'application/json; charset=utf-8' })
          .end(JSON.stringify(result));
    });
  };
};
