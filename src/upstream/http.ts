import { Pool } from 'undici';
import { GatewayError } from '../domain/gateway-error.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Log } from '../telemetry/log.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { formatTraceparent, type Traceparent } from '../telemetry/traceparent.ts';
import type { Caller } from './caller.ts';
import { DeadlineOver, exchange, type Patience } from './exchange.ts';
import { parseBody } from './parse-body.ts';
import { invalidResponse, notJson, type RawAnswer, translateFailure } from './translate-failure.ts';
import type { UpstreamClock } from './upstream-clock.ts';

export type Operation =
  | 'CreateAccessToken'
  | 'GetJob'
  | 'ListJobs'
  | 'QueryJobs'
  | 'ListMovementLogs'
  | 'SubmitJob'
  | 'TerminateJob'
  | 'CreateFileUploadUrl'
  | 'GetSyncJob'
  | 'ListSyncJobs';

export interface UpstreamRequest {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST';
  /** From the host on, already encoded, for example /data-mover/v1/jobs/query. */
  readonly path: string;
  readonly body?: JsonObject;
}

const writes: ReadonlySet<Operation> = new Set(['SubmitJob', 'TerminateJob', 'CreateFileUploadUrl']);

/** True when asking twice is not the same as asking once. */
export const isWrite = ({ operation }: UpstreamRequest): boolean => writes.has(operation);

export interface Answer<Body = unknown> {
  /** The parsed body of a 200, or what was read in it. Whoever has read it may let go of it. */
  body: Body;
  /** Of the body's text. */
  readonly size: number;
  readonly requestId: string | null;
  /** When the request was sent: whatever the answer does not show happened later. */
  readonly observedAt: Date;
}

/** What an answer says; throws where it cannot be read. */
export type Read<Value> = (answer: Answer) => Value;

/** A call in the name of one caller. Several who ask the same at once are given the same value. */
export type Call = <Value>(request: UpstreamRequest, read: Read<Value>) => Promise<Value>;

export interface HttpOptions {
  readonly url: URL;
  /** To open a connection. */
  readonly connectTimeoutMs: number;
  readonly now: () => number;
  readonly upstreamClock: UpstreamClock;
  readonly log: Log;
  readonly telemetry?: Telemetry;
}

export interface Attempt extends Patience {
  /** From 1; 1 by default. */
  readonly number?: number;
}

export interface UpstreamHttp {
  /** One call, one attempt. Fails with a GatewayError, or with the signal's reason once the signal fires. */
  call(request: UpstreamRequest, caller: Caller, attempt: Attempt): Promise<Answer>;
  close(): Promise<void>;
}

const maxConnections = 64;
const maxResponseBytes = 16 * 1024 * 1024;

const headersOf = (caller: Caller, hasBody: boolean, trace: Traceparent | null): Record<string, string> => ({
  accept: 'application/json',
  ...(hasBody ? { 'content-type': 'application/json' } : {}),
  ...(caller.authorization === null ? {} : { authorization: caller.authorization }),
  ...(caller.siteId === null ? {} : { 'wix-site-id': caller.siteId }),
  ...(caller.accountId === null ? {} : { 'wix-account-id': caller.accountId }),
  ...(trace === null ? {} : { traceparent: formatTraceparent(trace) }),
});

/** Shorter than any credential: what people use for trying. */
const minSecretLength = 12;

/** JSON has several spellings of a character: `\/` and `\u002f` are one. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:u([\da-f]{4})|(.))/gi, (_, hex: string | undefined, char: string) =>
    hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
  );

/** A reason for a refusal may be shown, but not one that quotes the credential: it may be the gateway's own. */
const repeats = (text: string, { authorization }: Caller): boolean => {
  const secret = authorization?.replace(/^\S+ /, '') ?? '';
  return secret.length >= minSecretLength && unescaped(text).includes(secret);
};

const single = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;

/** True when there was no connection yet: not a byte of the request has left then. */
const isBeforeConnect = (error: unknown): boolean => {
  // several addresses were tried, each with an error of its own
  if (error instanceof AggregateError) return error.errors.every(isBeforeConnect);
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
};

const failureOf = (error: unknown) => {
  if (error instanceof DeadlineOver) {
    return new GatewayError(
      'UPSTREAM_TIMEOUT',
      'Wix did not answer in time. Ask again in a moment, or for less at a time.',
      { cause: error },
    );
  }
  return new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    'Wix cannot be reached at present. Ask again in a moment.',
    { cause: error, notSent: isBeforeConnect(error), transient: true },
  );
};

/** The connection to upstream: a bounded pool that keeps connections alive. */
export const createHttp = (options: HttpOptions): UpstreamHttp => {
  const { url, connectTimeoutMs, now, upstreamClock, log } = options;
  const { metrics, tracing } = options.telemetry ?? noTelemetry;
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxResponseSize: maxResponseBytes,
    connect: { timeout: connectTimeoutMs },
  });
  const prefix = url.pathname.replace(/\/+$/, '');

  const send = (
    request: UpstreamRequest,
    caller: Caller,
    patience: Patience,
  ): Promise<RawAnswer & { readonly size: number }> =>
    exchange(
      pool,
      {
        method: request.method,
        path: prefix + request.path,
        headers: headersOf(caller, request.body !== undefined, tracing.current()),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        // the deadline covers both
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      patience,
      ({ status, headers, text }) => {
        upstreamClock.read(single(headers['date']));
        const isTelling = status !== 200 && text !== null && repeats(text, caller);
        return {
          status,
          body: text === null ? notJson : parseBody(isTelling ? '{}' : text),
          size: text === null ? Number.POSITIVE_INFINITY : text.length,
          requestId: single(headers['x-wix-request-id'])?.slice(0, 128) ?? null,
          retryAfter: single(headers['retry-after']),
          date: single(headers['date']),
        };
      },
    );

  /** What became of one attempt, for whoever looks after the gateway. */
  const report = (operation: Operation, number: number, status: string, seconds: number) => {
    metrics.upstreamCalled({ endpoint: operation, status, attempt: number, seconds });
    if (/^\d+$/.test(status)) tracing.note({ 'http.response.status_code': Number(status) });
  };

  const callOnce = async (
    request: UpstreamRequest,
    caller: Caller,
    { timeoutMs, signal, number = 1 }: Attempt,
  ): Promise<Answer> => {
    signal?.throwIfAborted();
    const startedAt = now();
    const begunAt = performance.now();
    const seconds = () => (performance.now() - begunAt) / 1000;
    const answer = await send(request, caller, { timeoutMs, signal }).catch((error: unknown) => {
      if (signal?.aborted) report(request.operation, number, 'given up', seconds());
      signal?.throwIfAborted();
      const failure = failureOf(error);
      report(request.operation, number, failure.code, seconds());
      throw failure;
    });
    const { status, requestId, body, size } = answer;
    report(request.operation, number, String(status), seconds());
    log.debug(
      { operation: request.operation, status, upstreamRequestId: requestId, ms: now() - startedAt },
      'upstream call',
    );
    if (status !== 200) throw translateFailure(answer, now());
    if (body === undefined || body === notJson) {
      const problem = size > maxResponseBytes ? `more than ${maxResponseBytes} bytes` : '200 without JSON';
      throw invalidResponse(`${request.operation} answered ${problem}`, answer);
    }
    return { body, size, requestId, observedAt: new Date(startedAt) };
  };

  return {
    call: (request, caller, attempt) =>
      tracing.span(
        `upstream ${request.operation}`,
        { 'http.request.method': request.method, attempt: attempt.number ?? 1 },
        () => callOnce(request, caller, attempt),
        { kind: 'client' },
      ),
    close: () => pool.destroy(),
  };
};
