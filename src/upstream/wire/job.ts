import { z } from 'zod';
import { type Job, knownJobStatuses } from '../../domain/job.ts';
import { destination, source } from './ends.ts';
import { failure } from './failure.ts';
import { count, enumName, instant, text, userObject, wrappedCount, wrappedText } from './primitives.ts';

const progress = z
  .object({ current: count, total: wrappedCount, itemsRejected: count, itemsSuccessful: count })
  .nullish()
  .transform((value) => value ?? null);

const status = enumName.transform((raw) => ({
  status: knownJobStatuses.find((known) => known === raw) ?? ('UNRECOGNIZED' as const),
  rawStatus: raw,
}));

/** The job object of upstream (SubmitJob, GetJob, ListJobs, QueryJobs, TerminateJob, webhooks). */
export const job = z.compile(
  z
    .object({
      id: z.string().min(1),
      name: text,
      status,
      startedAt: instant,
      finishedAt: instant,
      source,
      destination,
      sourceSiteId: text,
      destinationSiteId: text,
      progress,
      error: failure,
      partiallySuccessfulOptions: z.object({ cause: text }).nullish(),
      logsRecorded: count,
      scheduleId: wrappedText,
      workflowId: wrappedText,
      extendedFields: z.object({ namespaces: userObject }).nullish(),
    })
    .transform(
      ({
        status,
        partiallySuccessfulOptions,
        logsRecorded,
        extendedFields,
        ...rest
      }): Omit<Job, 'observedAt'> => ({
        ...rest,
        ...status,
        partialSuccessCause: partiallySuccessfulOptions?.cause ?? null,
        logsRecorded: logsRecorded ?? 0,
        extendedFields: extendedFields?.namespaces ? { namespaces: extendedFields.namespaces } : null,
      }),
    ),
);
