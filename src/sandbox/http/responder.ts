import type { IncomingMessage } from 'node:http';
import type { CallRecorder } from '../call-counter.ts';
import type { SiteFor } from '../site.ts';
import type { Answer } from './answer.ts';
import { ApiFailure, systemError, unauthenticated } from './failure.ts';
import { readBody } from './request-body.ts';
import { inputOfBody, inputOfSearch } from './request-input.ts';
import { matchRoute, type Route } from './route.ts';

export type Responder = (message: IncomingMessage) => Promise<Answer>;

export type ResponderOptions = {
  readonly routes: readonly Route[];
  readonly siteFor: SiteFor;
  readonly calls: CallRecorder;
  readonly now: () => number;
};

const siteIdOf = (message: IncomingMessage): string | null => {
  const header = message.headers['wix-site-id'];
  return typeof header === 'string' ? header : null;
};

/** The one way from a request to its answer: route, count, credentials, input, handler, failure. */
export const createResponder = ({ routes, siteFor, calls, now }: ResponderOptions): Responder => {
  const respond = async (message: IncomingMessage): Promise<Answer> => {
    const { method = '', url = '' } = message;
    const [path = '', ...search] = url.split('?');
    const { route, parameters } = matchRoute(routes, method, path);
    if (route.operation !== null) {
      calls.record(route.operation);
      if (!message.headers.authorization) throw unauthenticated();
    }
    const input = method === 'GET' ? inputOfSearch(search.join('?')) : inputOfBody(await readBody(message));
    return route.handle({ parameters, input, site: siteFor(siteIdOf(message)), now: now() });
  };

  const respondToFailure = (error: unknown): Answer => {
    if (error instanceof ApiFailure) return error.answer;
    // A fault of the sandbox itself: the client learns nothing, the developer everything.
    process.emitWarning(error instanceof Error ? error : String(error));
    return systemError().answer;
  };

  let requests = 0;
  return async (message) => {
    requests += 1;
    const requestId = `${Math.floor(now() / 1000)}.${requests}`;
    const answer = await respond(message).catch(respondToFailure);
    return { ...answer, headers: { ...answer.headers, 'x-wix-request-id': requestId } };
  };
};
