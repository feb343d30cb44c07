import type { Context } from '../context.ts';
import type { Allowance } from '../upstream/allowance.ts';
import { builder } from './builder.ts';

const RateLimitRef = builder.objectRef<Allowance>('RateLimit').implement({
  description: 'A request allowance per minute. Upstream tells none, so this is counted by the gateway.',
  fields: (t) => ({
    limitPerMinute: t.exposeInt('limitPerMinute', {
      nullable: false,
      description: 'Upstream requests per minute, 200 unless configured otherwise.',
    }),
    remaining: t.exposeInt('remaining', {
      nullable: false,
      description: 'How many more requests may be sent before `resetAt`.',
    }),
    resetAt: t.expose('resetAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When the allowance is whole again.',
    }),
  }),
});

export const UpstreamStatusRef = builder
  .objectRef<Pick<Context, 'upstream' | 'live'>>('UpstreamStatus')
  .implement({
    description: 'What the gateway knows of upstream for this caller, without asking it.',
    fields: (t) => ({
      rateLimit: t.field({
        type: RateLimitRef,
        nullable: false,
        description: "What is left of the caller's upstream request allowance.",
        resolve: ({ upstream }) => upstream.allowance(),
      }),
      lastSuccessAt: t.field({
        type: 'DateTime',
        description: 'When upstream last answered this caller. Null when it has not yet.',
        resolve: ({ upstream }) => upstream.lastSuccessAt(),
      }),
      watchedJobs: t.int({
        nullable: false,
        description: 'How many jobs are being watched for this caller at present.',
        resolve: ({ live }) => live.status().watchedJobs,
      }),
      pollIntervalMs: t.int({
        description:
          'How often upstream is asked for the watched jobs at present. Null while none is watched.',
        resolve: ({ live }) => live.status().pollIntervalMs,
      }),
    }),
  });
