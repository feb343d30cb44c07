import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { GatewayError, type GatewayErrorCode } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';
import { logOnce } from '../telemetry/log-once.ts';
import { logFailure } from '../upstream/log-failure.ts';

/** Codes that the GraphQL pipeline gives by itself and that are part of the public list. */
const pipelineCodes = new Set([
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'QUERY_TOO_COMPLEX',
  'DOCUMENT_NOT_TRUSTED',
  'PERSISTED_QUERY_NOT_FOUND',
]);

const located = (error: unknown) =>
  error instanceof GraphQLError
    ? {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
      }
    : {};

/** The first error underneath that is not GraphQL's own wrapping. */
const rootOf = (error: unknown): unknown =>
  error instanceof GraphQLError && error.originalError ? rootOf(error.originalError) : error;

/**
 * True for errors that GraphQL itself makes of the caller's document or variables. What a scalar says while
 * writing a value has a path but no place in the document, and may quote upstream's data: that is not one.
 */
const isOfCallersMaking = (error: unknown, root: unknown): root is GraphQLError =>
  root instanceof GraphQLError &&
  (root.nodes !== undefined || !(error instanceof GraphQLError && error.path !== undefined));

/** Calls to upstream end with the reason of the request's own signal: nothing is wrong, and nobody reads the answer. */
const isCallersLeave = (root: unknown): boolean =>
  root instanceof DOMException && (root.name === 'AbortError' || root.name === 'TimeoutError');

/** Where nothing was answered, as when the gate lets nobody in, the status says why. A failed field has none. */
const statuses: Readonly<Partial<Record<GatewayErrorCode, number>>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UPSTREAM_UNAVAILABLE: 503,
};

const httpOfGatewayError = (error: unknown, { code, retryAfterMs }: GatewayError) => {
  const status = statuses[code];
  if (status === undefined || (error instanceof GraphQLError && error.path)) return {};
  return {
    http: {
      status,
      headers: {
        ...(code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {}),
        ...(retryAfterMs === null ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      },
    },
  };
};

/** In characters. Some messages repeat a value of the caller, which may be as large as a request. */
const longestMessage = 1000;

/** What a long message begins and ends with: the reason stands behind the value. */
const shortened = (message: string): string =>
  message.length > longestMessage
    ? `${message.slice(0, longestMessage / 2)} … ${message.slice(-longestMessage / 2)}`
    : message;

const presentGatewayError = (error: unknown, cause: GatewayError) =>
  new GraphQLError(shortened(cause.message), {
    ...located(error),
    extensions: {
      code: cause.code,
      ...(cause.retryAfterMs === null ? {} : { retryAfterMs: cause.retryAfterMs }),
      ...(cause.upstream === null ? {} : { upstream: cause.upstream }),
      ...httpOfGatewayError(error, cause),
    },
  });

/**
 * The HTTP status of an error that GraphQL itself made. A failed field has none, for its siblings have answered.
 * A document at fault is 400, or 200 for those who accept plain application/json only (that is what `spec` means
 * to Yoga); a request at fault, which has no place in any document, is 400 for everyone.
 */
const httpOf = ({ path, locations, extensions: { http } }: GraphQLError) =>
  path ? {} : { http: { status: 400, ...http, spec: locations !== undefined } };

/** What GraphQL says too shortly, and what there is to do. */
const withAdvice = (message: string): string =>
  message === 'Could not determine what operation to execute.'
    ? `${message} Send the name of one as \`operationName\`; no two may have the same.`
    : shortened(message);

const presentPipelineError = (error: GraphQLError) => {
  const { code, http: _, ...measured } = error.extensions;
  return new GraphQLError(withAdvice(error.message), {
    ...located(error),
    extensions: {
      code: typeof code === 'string' && pipelineCodes.has(code) ? code : 'BAD_USER_INPUT',
      ...(code === 'QUERY_TOO_COMPLEX' ? measured : {}),
      ...httpOf(error),
    },
  });
};

const translate = (log: Log, error: unknown): GraphQLError => {
  const root = rootOf(error);
  if (root instanceof GatewayError) {
    logOnce(root, (failure) => logFailure(log, failure));
    return presentGatewayError(error, root);
  }
  if (isOfCallersMaking(error, root))
    return presentPipelineError(error instanceof GraphQLError ? error : root);
  if (root instanceof SyntaxError && !(error instanceof GraphQLError)) {
    // before any operation runs, only the request itself is parsed
    return new GraphQLError('The request is not valid JSON. Check its body, `variables` and `extensions`.', {
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  }
  logOnce(root, (err) => {
    if (isCallersLeave(err)) log.debug({ err }, 'the caller has left');
    else log.error({ err }, 'unexpected error');
  });
  return new GraphQLError('Something went wrong in the gateway. It has been logged; ask again in a moment.', {
    ...located(error),
    extensions: {
      code: 'INTERNAL_SERVER_ERROR',
      ...(error instanceof GraphQLError ? {} : { http: { status: 500 } }),
    },
  });
};

/** As a frame or event has it. What sets the status over HTTP means nothing there. */
export const inFrame = (error: GraphQLError): GraphQLFormattedError => {
  const { http: _, ...extensions } = error.extensions;
  return { ...error.toJSON(), extensions };
};

/**
 * Turns every error into what its caller may see: gateway errors and GraphQL's own with their code, all else
 * masked whatever NODE_ENV says, and logged with its cause.
 */
export const createErrorPresenter = (log: Log): ((error: unknown) => GraphQLError) => {
  const presented = new WeakSet<GraphQLError>();
  return (error) => {
    // the result of an event is presented once for all its readers, and then passes through the pipeline of each
    if (error instanceof GraphQLError && presented.has(error)) return error;
    const shown = translate(log, error);
    presented.add(shown);
    return shown;
  };
};
