import type { CallCounter } from './call-counter.ts';
import { ok } from './http/answer.ts';
import type { Route } from './http/route.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import { scheduleRoutes } from './schedules/schedule-routes.ts';

export const sandboxRoutes = (calls: CallCounter): readonly Route[] => [
  ...jobRoutes,
  ...scheduleRoutes,
  { operation: null, method: 'GET', path: '/_sandbox/calls', handle: () => ok(calls.toJSON()) },
];
