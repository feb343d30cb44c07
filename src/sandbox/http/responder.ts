import type { IncomingMessage } from 'node:http';
import type { CallRecorder } from '../call-counter.ts';
import type { Clock } from '../clock.ts';
import type { AccessTokens } from '../oauth/access-tokens.ts';
import type { SandboxSettings } from '../settings.ts';
import type { SiteFor } from '../site.ts';
import { createAllowance } from './allowance.ts';
import type { Answer } from './answer.ts';
import { ApiFailure, expired, systemError, tooManyRequests, unauthenticated } from './failure.ts';
import { createFaults, type Reply } from './faults.ts';
import { readBytes, readText } from './request-body.ts';
import { inputOfBody, inputOfSearch } from './request-input.ts';
import { type ApiRequest, matchRoute, type Route, type RouteMatch } from './route.ts';

export type Responder = (message: IncomingMessage) => Promise<Reply>;

export type ResponderOptions = {
  readonly routes: readonly Route[];
  readonly siteFor: SiteFor;
  readonly tokens: AccessTokens;
  readonly calls: CallRecorder;
  readonly clock: Clock;
  readonly settings: SandboxSettings;
  /** Aborts when the sandbox closes. */
  readonly closing: AbortSignal;
};

const answerToFailure = (error: unknown): Answer => {
  if (error instanceof ApiFailure) return error.answer;
  // A fault of the sandbox itself: the client learns nothing, the developer everything.
  process.emitWarning(error instanceof Error ? error : String(error));
  return systemError().answer;
};

/** The one way from a request to its answer: route, count, allowance, faults, credentials, input, handler. */
export const createResponder = (options: ResponderOptions): Responder => {
  const { routes, siteFor, tokens, calls, clock, settings, closing } = options;
  const allowance = createAllowance(settings.requestsPerMinute, clock.now);
  const suffer = createFaults(settings.faults);

  /** The token of an app names its site by itself. */
  const siteIdOf = ({ headers }: IncomingMessage): string | null => {
    const instance = tokens.instanceOf(headers.authorization);
    if (instance !== null) return instance.toLowerCase();
    const header = headers['wix-site-id'];
    return typeof header === 'string' && header !== '' ? header.toLowerCase() : null;
  };

  const checkCredential = ({ authorization }: IncomingMessage['headers']): void => {
    if (!authorization) throw unauthenticated();
    if (tokens.isStale(authorization)) throw expired();
  };

  const requestOf = (message: IncomingMessage, parameters: ApiRequest['parameters']): ApiRequest => ({
    parameters,
    input: {},
    bytes: (limit) => readBytes(message, limit),
    origin: `http://${message.headers.host ?? 'localhost'}`,
    site: siteFor(siteIdOf(message)),
    now: clock.now(),
  });

  const handleCall = async (message: IncomingMessage, { route, parameters }: RouteMatch): Promise<Answer> => {
    if (!route.isOpen) checkCredential(message.headers);
    const [, ...search] = (message.url ?? '').split('?');
    const input =
      route.method === 'GET' ? inputOfSearch(search.join('?')) : inputOfBody(await readText(message));
    return route.handle({ ...requestOf(message, parameters), input });
  };

  const respond = async (message: IncomingMessage): Promise<Reply> => {
    const { method = '', url = '' } = message;
    const match = matchRoute(routes, method, url.split('?')[0] ?? '');
    const { operation, handle } = match.route;
    if (operation === null) return handle(requestOf(message, match.parameters));
    calls.record(operation);
    if (settings.latencyMs > 0) await clock.after(settings.latencyMs, closing);
    if (!allowance.take(siteIdOf(message))) throw tooManyRequests();
    return suffer(operation, () => handleCall(message, match).catch(answerToFailure));
  };

  let requests = 0;
  return async (message) => {
    requests += 1;
    const requestId = `${Math.floor(clock.now() / 1000)}.${requests}`;
    const reply = await respond(message).catch((error: unknown) =>
      closing.aborted ? null : answerToFailure(error),
    );
    return reply && { ...reply, headers: { ...reply.headers, 'x-wix-request-id': requestId } };
  };
};
