import type { CallCounter } from './call-counter.ts';
import { fileRoutes } from './files/file-routes.ts';
import type { Files } from './files/files.ts';
import { ok } from './http/answer.ts';
import type { Route } from './http/route.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import type { Mover } from './moving/mover.ts';
import { scheduleRoutes } from './schedules/schedule-routes.ts';
import { submitRoutes } from './submit/submit-routes.ts';

export const sandboxRoutes = (calls: CallCounter, mover: Mover, files: Files): readonly Route[] => [
  ...jobRoutes,
  ...submitRoutes(mover, files),
  ...scheduleRoutes,
  ...fileRoutes(files),
  { operation: null, method: 'GET', path: '/_sandbox/calls', handle: () => ok(calls.toJSON()) },
];
