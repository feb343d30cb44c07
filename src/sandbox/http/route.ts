import type { JsonObject } from '../json.ts';
import type { Operation } from '../operation.ts';
import type { Site } from '../site.ts';
import type { Answer } from './answer.ts';
import { methodNotAllowed, notFound } from './failure.ts';

export type ApiRequest = {
  readonly parameters: ReadonlyMap<string, string>;
  /** Empty for the sandbox's own addresses. */
  readonly input: JsonObject;
  /** The body as it came, for an address that takes files. */
  readonly bytes: (limit: number) => Promise<Buffer>;
  /** How this client reaches the sandbox. */
  readonly origin: string;
  readonly site: Site;
  readonly now: number;
};

export type Route = {
  /** Null for the sandbox's own addresses: not counted, not disturbed, and no credentials are needed. */
  readonly operation: Operation | null;
  /** True where the call is what credentials are got by. */
  readonly isOpen?: boolean;
  readonly method: 'GET' | 'POST' | 'PUT' | 'OPTIONS';
  /** A segment that starts with a colon is a parameter. */
  readonly path: string;
  readonly handle: (request: ApiRequest) => Answer | Promise<Answer>;
};

export type RouteMatch = { readonly route: Route; readonly parameters: ReadonlyMap<string, string> };

const parametersOf = (pattern: string, path: string): ReadonlyMap<string, string> | null => {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const parameters = new Map<string, string>();
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) parameters.set(segment.slice(1), value);
    else if (segment !== value) return null;
  }
  return parameters;
};

/** The first path that matches decides, so /jobs/query has to stand before /jobs/:jobId. */
export const matchRoute = (routes: readonly Route[], method: string, path: string): RouteMatch => {
  for (const { path: pattern } of routes) {
    const parameters = parametersOf(pattern, path);
    if (parameters === null) continue;
    const sharing = routes.filter((route) => route.path === pattern);
    const route = sharing.find((candidate) => candidate.method === method);
    if (route === undefined) {
      throw methodNotAllowed(
        method,
        sharing.map((candidate) => candidate.method),
      );
    }
    return { route, parameters };
  }
  throw notFound('No such method.', { path });
};
