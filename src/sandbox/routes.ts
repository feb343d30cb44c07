import type { CallCounter } from './call-counter.ts';
import { fileRoutes } from './files/file-routes.ts';
import type { Files } from './files/files.ts';
import { ok } from './http/answer.ts';
import type { Route } from './http/route.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import type { Mover } from './moving/mover.ts';
import type { AccessTokens } from './oauth/access-tokens.ts';
import { tokenRoutes } from './oauth/token-routes.ts';
import { scheduleRoutes } from './schedules/schedule-routes.ts';
import { submitRoutes } from './submit/submit-routes.ts';

export type RouteOptions = {
  readonly calls: CallCounter;
  readonly mover: Mover;
  readonly files: Files;
  readonly tokens: AccessTokens;
  readonly tokenSeconds: number;
};

export const sandboxRoutes = ({
  calls,
  mover,
  files,
  tokens,
  tokenSeconds,
}: RouteOptions): readonly Route[] => [
  ...jobRoutes,
  ...submitRoutes(mover, files),
  ...scheduleRoutes,
  ...fileRoutes(files),
  ...tokenRoutes(tokens, tokenSeconds),
  { operation: null, method: 'GET', path: '/_sandbox/calls', handle: () => ok(calls.toJSON()) },
];
